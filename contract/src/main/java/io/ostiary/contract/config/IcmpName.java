package io.ostiary.contract.config;

import io.ostiary.model.KernelRule.IcmpType;
import io.ostiary.model.Require;
import io.ostiary.model.setting.About;
import java.util.Map;
import java.util.regex.Pattern;

/// A name, which may stand for a type of ICMPv4 and one of ICMPv6; or a number of one of them.
@About("a name such as echo-request, a number of ICMPv4 such as 13, or of ICMPv6 such as v6/143")
record IcmpName(IcmpType type) {
  private static final Pattern NUMBER = Pattern.compile("(v6/)?([0-9]{1,3})");
  private static final Map<String, IcmpType> NAMES =
      Map.ofEntries(
          Map.entry("echo-reply", new IcmpType(0, 129)),
          Map.entry("unreachable", new IcmpType(3, 1)),
          Map.entry("redirect", new IcmpType(5, 137)),
          Map.entry("echo-request", new IcmpType(8, 128)),
          Map.entry("router-advertisement", new IcmpType(9, 134)),
          Map.entry("router-solicitation", new IcmpType(10, 133)),
          Map.entry("time-exceeded", new IcmpType(11, 3)),
          Map.entry("parameter-problem", new IcmpType(12, 4)),
          Map.entry("timestamp-request", new IcmpType(13, -1)),
          Map.entry("timestamp-reply", new IcmpType(14, -1)),
          Map.entry("packet-too-big", new IcmpType(-1, 2)),
          Map.entry("neighbour-solicitation", new IcmpType(-1, 135)),
          Map.entry("neighbour-advertisement", new IcmpType(-1, 136)));

  static IcmpName parse(String text) {
    var named = NAMES.get(text);
    if (named != null) {
      return new IcmpName(named);
    }
    var matcher = NUMBER.matcher(text);
    int number = matcher.matches() ? Integer.parseInt(matcher.group(2)) : -1;
    if (number < 0 || number > 255) {
      throw Require.invalid("icmp-type", text, "a name such as echo-request, 0-255 or v6/0-255");
    }
    return new IcmpName(
        matcher.group(1) == null ? new IcmpType(number, -1) : new IcmpType(-1, number));
  }
}
