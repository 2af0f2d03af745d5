package io.ostiary.contract.config;

import io.ostiary.model.Require;
import io.ostiary.model.setting.About;

/// `404`, or `4xx`: then only its first digit counts.
@About("a status such as 404, or a class such as 4xx")
record StatusClass(int number) {
  static StatusClass parse(String text) {
    boolean whole = text.matches("[1-5][0-9][0-9]");
    if (!whole && !text.matches("[1-5]xx")) {
      throw Require.invalid("status", text, "a status such as 404, or a class such as 4xx");
    }
    return new StatusClass(Integer.parseInt(whole ? text : text.substring(0, 1)));
  }
}
