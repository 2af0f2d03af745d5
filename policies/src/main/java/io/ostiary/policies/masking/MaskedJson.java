package io.ostiary.policies.masking;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// JSON, one document or several behind each other, read byte by byte so that a name or a value may
/// be cut anywhere. A secret value, also an object or a list, becomes one text.
///
/// It reads just enough to know where names and values begin and end; what it takes for a document
/// is a little more than JSON, but never so that a name of JSON would not be seen.
public final class MaskedJson extends Masked {
  private static final int DEPTH_MAX = 200;

  /// A longer name is none that is looked for.
  private static final int NAME_MAX = 256;

  private enum Expect {
    VALUE,
    NAME,
    COLON,
    COMMA
  }

  private final Secrets secrets;
  private final byte[] instead;
  private final ByteArrayOutputStream name = new ByteArrayOutputStream();

  // By depth: whether it is an object, which places led here, and the index in a list.
  private boolean[] objects = new boolean[8];
  private long[] places = new long[8];
  private int[] indexes = new int[8];
  private int depth;

  private Expect expect = Expect.VALUE;
  private boolean inText;
  private boolean textIsName;
  private boolean inWord;

  /// 1: a backslash was before this; 2-5: so many hexadecimal digits are still to come, plus 1.
  private int escape;

  private int unit;
  private boolean secret;
  private long valuePlaces;

  /// The depth at which what is hidden began; -1: nothing is.
  private int hiddenDepth = -1;

  /// @param instead what stands in place of a secret, as JSON
  public MaskedJson(Secrets secrets, byte[] instead) {
    this.secrets = secrets;
    this.instead = instead;
    valuePlaces = secrets.top();
  }

  @Override
  boolean next(byte b, int at) {
    if (inText) {
      return text(b, at);
    }
    if (inWord) {
      if (wordByte(b)) {
        return true;
      }
      inWord = false;
      valueEnded(at);
    }
    return switch (b) {
      case ' ', '\t', '\r', '\n', 0x1e -> true;
      case '{', '[' -> open(b == '{', at);
      case '}', ']' -> close(b == '}', at);
      case ':' -> colon();
      case ',' -> comma();
      case '"' -> quote(at);
      default -> word(b, at);
    };
  }

  private static boolean wordByte(byte b) {
    return (b >= '0' && b <= '9')
        || (b >= 'a' && b <= 'z')
        || (b >= 'A' && b <= 'Z')
        || b == '+'
        || b == '-'
        || b == '.';
  }

  private boolean word(byte b, int at) {
    if (!wordByte(b) || !beginValue(at)) {
      return false;
    }
    inWord = true;
    return true;
  }

  private boolean quote(int at) {
    if (expect == Expect.NAME) {
      name.reset();
      textIsName = true;
    } else if (beginValue(at)) {
      textIsName = false;
    } else {
      return false;
    }
    inText = true;
    escape = 0;
    return true;
  }

  private boolean text(byte b, int at) {
    if (escape == 1) {
      escape = b == 'u' ? 5 : 0;
      unit = 0;
      if (b != 'u') {
        add(plain(b));
      }
    } else if (escape > 1) {
      unit = unit << 4 | Character.digit(b, 16);
      if (--escape == 1) {
        escape = 0;
        addUnit();
      }
    } else if (b == '\\') {
      escape = 1;
    } else if (b == '"') {
      inText = false;
      if (textIsName) {
        named();
      } else {
        valueEnded(at + 1);
      }
    } else {
      add(b);
    }
    return true;
  }

  private static byte plain(byte b) {
    return switch (b) {
      case 'n' -> '\n';
      case 't' -> '\t';
      case 'r' -> '\r';
      case 'b' -> '\b';
      case 'f' -> '\f';
      default -> b;
    };
  }

  private void add(byte b) {
    if (textIsName && name.size() <= NAME_MAX) {
      name.write(b);
    }
  }

  /// Half of a pair alone is no character; names with such are compared without it.
  private void addUnit() {
    if (textIsName && name.size() <= NAME_MAX && unit >= 0 && !Character.isSurrogate((char) unit)) {
      name.writeBytes(Character.toString(unit).getBytes(StandardCharsets.UTF_8));
    }
  }

  private void named() {
    expect = Expect.COLON;
    var text = name.size() > NAME_MAX ? "" : name.toString(StandardCharsets.UTF_8);
    step(text);
    secret |= secrets.named(text);
  }

  private void step(String text) {
    valuePlaces = secrets.step(places[depth], depth - 1, text);
    secret = secrets.reached(valuePlaces, depth);
  }

  private boolean colon() {
    boolean fits = expect == Expect.COLON;
    expect = Expect.VALUE;
    return fits;
  }

  private boolean comma() {
    if (depth == 0 || expect != Expect.COMMA) {
      return false;
    }
    expect = objects[depth] ? Expect.NAME : Expect.VALUE;
    return true;
  }

  /// A value begins here.
  private boolean beginValue(int at) {
    boolean another = depth == 0 && expect == Expect.COMMA;
    if (expect != Expect.VALUE && !another) {
      return false;
    }
    if (depth > 0 && !objects[depth]) {
      step(Integer.toString(indexes[depth]++));
    }
    if (secret && hiddenDepth < 0) {
      hiddenDepth = depth;
      hide(at, instead);
    }
    return true;
  }

  private void valueEnded(int after) {
    expect = Expect.COMMA;
    secret = false;
    if (hiddenDepth == depth) {
      hiddenDepth = -1;
      show(after);
    }
    if (depth == 0) {
      valuePlaces = secrets.top();
    }
  }

  private boolean open(boolean object, int at) {
    if (!beginValue(at) || depth == DEPTH_MAX) {
      return false;
    }
    depth++;
    if (depth == objects.length) {
      objects = Arrays.copyOf(objects, depth * 2);
      places = Arrays.copyOf(places, depth * 2);
      indexes = Arrays.copyOf(indexes, depth * 2);
    }
    objects[depth] = object;
    places[depth] = valuePlaces;
    indexes[depth] = 0;
    secret = false;
    expect = object ? Expect.NAME : Expect.VALUE;
    return true;
  }

  private boolean close(boolean object, int at) {
    boolean empty = expect == (object ? Expect.NAME : Expect.VALUE);
    if (depth == 0 || objects[depth] != object || (expect != Expect.COMMA && !empty)) {
      return false;
    }
    depth--;
    valueEnded(at + 1);
    return true;
  }

  @Override
  boolean end() {
    return depth == 0 && !inText;
  }
}
