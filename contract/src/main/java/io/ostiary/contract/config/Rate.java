package io.ostiary.contract.config;

import io.ostiary.model.Require;
import io.ostiary.model.setting.About;
import java.util.regex.Pattern;

/// `20000/s`, or `600/m` where that is a whole number per second.
@About("a rate such as 20000/s")
record Rate(long perSecond) {
  private static final Pattern FORM = Pattern.compile("([0-9]{1,12}) ?/ ?([sm])");

  static Rate parse(String text) {
    var matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw Require.invalid("rate", text, "a rate such as 20000/s");
    }
    long count = Long.parseLong(matcher.group(1));
    if (matcher.group(2).equals("s")) {
      return new Rate(count);
    }
    if (count % 60 != 0) {
      throw Require.invalid("rate", text, "a whole number per second, such as 600/m");
    }
    return new Rate(count / 60);
  }
}
