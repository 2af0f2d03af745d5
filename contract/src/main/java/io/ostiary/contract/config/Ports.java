package io.ostiary.contract.config;

import io.ostiary.model.Require;
import io.ostiary.model.setting.About;
import java.util.regex.Pattern;

/// `8080` or `8000-8100`, both ends included.
@About("a port 1-65535, or a range such as \"8000-8100\"")
record Ports(int first, int last) {
  private static final Pattern FORM = Pattern.compile("([0-9]{1,5})(?: ?- ?([0-9]{1,5}))?");

  static Ports parse(String text) {
    var matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw wrong(text);
    }
    int first = Integer.parseInt(matcher.group(1));
    int last = matcher.group(2) == null ? first : Integer.parseInt(matcher.group(2));
    if (first < 1 || last > 65_535) {
      throw wrong(text);
    }
    if (first > last) {
      throw Require.invalid("to-port", text, "the smaller port first");
    }
    return new Ports(first, last);
  }

  private static IllegalArgumentException wrong(String text) {
    return Require.invalid("to-port", text, "a port 1-65535, or a range such as \"8000-8100\"");
  }
}
