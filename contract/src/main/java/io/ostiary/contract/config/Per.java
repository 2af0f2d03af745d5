package io.ostiary.contract.config;

import io.ostiary.model.KernelRule;
import io.ostiary.model.Require;
import io.ostiary.model.setting.About;
import java.util.regex.Pattern;

/// Whose packets or connections are counted together: `source`, or `/24` for a block of sources.
///
/// @param bits of an IPv4 address; of an IPv6 address it is 32 more, so that `source` is a /64
@About("source, or a block of IPv4 sources /8-/31 (of IPv6 32 bits longer)")
record Per(int bits) {
  private static final Pattern FORM = Pattern.compile("/([0-9]{1,2})");

  static Per parse(String text) {
    if (text.equals("source")) {
      return new Per(KernelRule.Limit.SOURCE);
    }
    var matcher = FORM.matcher(text);
    int bits = matcher.matches() ? Integer.parseInt(matcher.group(1)) : 0;
    if (bits < 8 || bits > KernelRule.Limit.SOURCE) {
      throw Require.invalid("per", text, "source, or a block of IPv4 sources /8-/31");
    }
    return new Per(bits);
  }
}
