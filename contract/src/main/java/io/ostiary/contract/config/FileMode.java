package io.ostiary.contract.config;

import io.ostiary.model.Require;
import io.ostiary.model.setting.About;

/// The rights of a file in octal digits, as chmod(1) takes them.
@About("rights such as \"0660\"")
record FileMode(int bits) {
  static final String WRITTEN = "^0?[0-7]{3}$";

  static FileMode parse(String text) {
    if (!text.matches(WRITTEN)) {
      throw Require.invalid("mode", "'" + text + "'", "three octal digits, such as \"0660\"");
    }
    return new FileMode(Integer.parseInt(text, 8));
  }
}
