package io.ostiary.policies.masking;

import java.nio.charset.StandardCharsets;
import java.util.Set;

/// A form or a query, `name=value&...`, whose secret values are replaced.
public final class MaskedForm extends Masked {
  /// A longer name is none that is looked for.
  private static final int NAME_MAX = 256;

  private final Set<String> names;
  private final byte[] instead;
  private final byte[] name = new byte[NAME_MAX];
  private int length;
  private boolean inName = true;
  private boolean hiding;

  /// How many hexadecimal digits of `%41` are still to come.
  private int digits;

  public MaskedForm(Set<String> names, byte[] instead) {
    this.names = Set.copyOf(names);
    this.instead = instead;
  }

  @Override
  boolean next(byte b, int at) {
    if (b == '&') {
      if (hiding) {
        show(at);
      }
      hiding = false;
      inName = true;
      length = 0;
      digits = 0;
    } else if (inName && b == '=') {
      inName = false;
      var text = new String(name, 0, Math.min(length, NAME_MAX), StandardCharsets.UTF_8);
      if (length <= NAME_MAX && names.contains(text)) {
        hiding = true;
        hide(at + 1, instead);
        // The sign itself goes on; what is hidden begins behind it.
      }
    } else if (inName) {
      add(b);
    }
    return true;
  }

  private void add(byte b) {
    if (digits > 0) {
      digits--;
      int at = Math.min(length, NAME_MAX) - 1;
      name[at] = (byte) (name[at] << 4 | (Character.digit(b, 16) & 15));
      return;
    }
    if (length < NAME_MAX) {
      name[length] = b == '+' ? (byte) ' ' : b == '%' ? 0 : b;
    }
    digits = b == '%' ? 2 : 0;
    length++;
  }

  @Override
  boolean end() {
    return true;
  }

  /// A query with its secret values replaced.
  public static String query(String query, Set<String> names, String instead) {
    var masked = new StringBuilder(query.length());
    for (var part : query.split("&", -1)) {
      masked.append(masked.isEmpty() ? "" : "&");
      int equals = part.indexOf('=');
      boolean secret = equals >= 0 && names.contains(decoded(part.substring(0, equals)));
      masked.append(secret ? part.substring(0, equals + 1) + instead : part);
    }
    return masked.toString();
  }

  private static String decoded(String name) {
    try {
      return java.net.URLDecoder.decode(name, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return name;
    }
  }
}
