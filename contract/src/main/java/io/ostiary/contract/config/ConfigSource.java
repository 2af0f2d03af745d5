package io.ostiary.contract.config;

import io.ostiary.contract.tree.FollowedText;
import io.ostiary.contract.tree.FollowedText.Version;
import io.ostiary.contract.tree.Limits;
import io.ostiary.contract.tree.Parsed;
import io.ostiary.contract.tree.TreeReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A configuration file that is read again and again: by the watcher for the documents that it
/// names, by the list of policies for their folder, and to bring it into force. As long as no byte
/// of it differs they all get the same tree, and of the next version only what differs is read
/// again. Safe for all threads; they take turns.
public final class ConfigSource {
  private static final int PIECE = 1 << 14;
  private static final byte[] COMMENT = "#\n".getBytes(StandardCharsets.US_ASCII);

  private final Path file;
  private final byte[] buffer = new byte[PIECE];
  private final FollowedText text;
  private final KnownApis known = new KnownApis();

  /// What was read; and what the version is of, see [#turn].
  private byte @Nullable [] bytes;

  private byte @Nullable [] whole;
  private boolean turned;
  private Version version = Version.NOTHING;
  private long number;

  public ConfigSource(Path file) {
    this.file = file;
    text = new FollowedText(file.toString(), Limits.CONFIGURATION, known);
  }

  public Path file() {
    return file;
  }

  /// What it holds now, for whoever does not say anything of it to people.
  Parsed parsed() {
    return version().parsed();
  }

  /// What was made of its APIs before. Used by one reading at a time.
  KnownApis known() {
    return known;
  }

  synchronized Version version() {
    // Too long, or it cannot be read: that is said anew each time.
    return current()
        ? version
        : Version.of(TreeReader.read(file, file.toString(), Limits.CONFIGURATION));
  }

  /// A comment comes to stand in its middle, or goes again, for who rehearses that it changes. Not
  /// for a source that others use.
  public synchronized void turn() {
    turned = !turned;
    bytes = null;
  }

  /// Takes what it holds now; false where it cannot be read.
  private boolean current() {
    if (same()) {
      return true;
    }
    byte[] now = read();
    if (now == null) {
      return false;
    }
    var made = turned ? commented(now) : now;
    took(text.read(made), now, made);
    return true;
  }

  /// At the end of a line: in the middle of a text of several lines it says something else, which
  /// matters to nobody.
  private static byte[] commented(byte[] all) {
    int at = all.length / 2;
    while (at > 0 && all[at - 1] != '\n') {
      at--;
    }
    byte[] made = new byte[all.length + COMMENT.length];
    System.arraycopy(all, 0, made, 0, at);
    System.arraycopy(COMMENT, 0, made, at, COMMENT.length);
    System.arraycopy(all, at, made, at + COMMENT.length, all.length - at);
    return made;
  }

  private void took(Version of, byte[] now, byte[] made) {
    version = of;
    bytes = now;
    whole = made;
    number++;
  }

  /// Makes the tree of what it holds now where that is quick, for whoever asks for it next: it may
  /// still be written.
  synchronized void prepare() {
    byte[] now = same() ? null : read();
    var quick = now == null ? null : text.quick(now);
    if (now != null && quick != null) {
      took(quick, now, now);
    }
  }

  /// What it holds now, with every node at the place that it names.
  synchronized Version exact() {
    var now = version();
    if (!now.exact() && whole != null) {
      version = text.whole(whole);
      return version;
    }
    return now;
  }

  /// Changes with every byte; 0 while it cannot be read.
  synchronized long number() {
    return current() ? number : 0;
  }

  /// Whether no byte differs. Looked at piece by piece: this is asked again and again.
  private boolean same() {
    if (bytes == null) {
      return false;
    }
    try (var in = Files.newInputStream(file)) {
      for (int at = 0; ; ) {
        int count = in.readNBytes(buffer, 0, PIECE);
        if (count > bytes.length - at || !Arrays.equals(buffer, 0, count, bytes, at, at + count)) {
          return false;
        }
        at += count;
        if (count < PIECE) {
          return at == bytes.length;
        }
      }
    } catch (IOException e) {
      return false;
    }
  }

  private byte @Nullable [] read() {
    try (var in = Files.newInputStream(file)) {
      int most = (int) Limits.CONFIGURATION.bytesMax();
      byte[] all = in.readNBytes(most + 1);
      return all.length > most ? null : all;
    } catch (IOException e) {
      return null;
    }
  }
}
