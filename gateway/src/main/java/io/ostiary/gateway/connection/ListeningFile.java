package io.ostiary.gateway.connection;

import io.ostiary.model.LateLogger;
import io.ostiary.model.SocketFile;
import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The file of a listening Unix socket. It is bound under another name beside the one that is
/// wanted, gets its rights, and is then renamed: so nobody meets it with the rights that the umask
/// happens to give, and what takes the place of a stale file is never absent.
///
/// Used under the lock of its listeners.
final class ListeningFile {
  private static final System.Logger LOG = new LateLogger("io.ostiary.gateway");

  /// Files of ours have this behind their name while they are bound, and their sockets for ever.
  private static final String BESIDE = ".new";

  private final Path path;
  private final Object key;
  private boolean another;

  private ListeningFile(Path path, Object key) {
    this.path = path;
    this.key = key;
  }

  /// Where the socket is bound at first; nothing is there then.
  static Path beside(Path path) throws IOException {
    var beside = Path.of(path + BESIDE);
    free(beside);
    Files.deleteIfExists(beside);
    return beside;
  }

  /// The name that people know of a socket with this one; empty: another process has bound it, and
  /// so has its file.
  static @Nullable String ours(String bound) {
    return bound.endsWith(BESIDE) ? bound.substring(0, bound.length() - BESIDE.length()) : null;
  }

  /// Refuses a name that somebody uses. What a process left that has ended is in nobody's way.
  static void free(Path path) throws IOException {
    int kind;
    try {
      kind = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    } catch (NoSuchFileException e) {
      return;
    }
    if ((kind & 0170000) != 0140000) {
      throw new IOException("there is a file, and it is no socket");
    }
    try (var asking = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      asking.configureBlocking(false);
      asking.connect(UnixDomainSocketAddress.of(path));
    } catch (ConnectException e) {
      return; // Nobody listens.
    } catch (IOException e) {
      throw new IOException("whether somebody listens cannot be found out: " + e.getMessage(), e);
    }
    throw new IOException("another process listens there");
  }

  /// Gives a bound socket its rights and its name.
  static ListeningFile publish(Path bound, Path path, SocketFile rights) throws IOException {
    try {
      rights(bound, rights);
      Files.move(bound, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      return of(path);
    } catch (IOException e) {
      Files.deleteIfExists(bound);
      throw e;
    }
  }

  /// Whether another process has the same socket, so that the file stays for it.
  void another(boolean has) {
    another = has;
  }

  /// One that is there already.
  static ListeningFile of(Path path) throws IOException {
    return new ListeningFile(path, key(path));
  }

  private static Object key(Path path) throws IOException {
    return Files.getAttribute(path, "unix:dev", LinkOption.NOFOLLOW_LINKS)
        + ":"
        + Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS);
  }

  /// Other rights than before.
  void rights(SocketFile now) {
    try {
      rights(path, now);
    } catch (IOException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "listener unix:{0} keeps its rights: {1}",
          path,
          e.toString());
    }
  }

  private static void rights(Path path, SocketFile wanted) throws IOException {
    Files.setAttribute(path, "unix:mode", wanted.mode());
    var view =
        Objects.requireNonNull(Files.getFileAttributeView(path, PosixFileAttributeView.class));
    var names = path.getFileSystem().getUserPrincipalLookupService();
    var owner = wanted.owner();
    var group = wanted.group();
    if (group != null) {
      view.setGroup(known("group", group, names::lookupPrincipalByGroupName));
    }
    if (owner != null) {
      view.setOwner(known("user", owner, names::lookupPrincipalByName));
    }
  }

  private interface Lookup<T> {
    T of(String name) throws IOException;
  }

  private static <T> T known(String kind, String name, Lookup<T> lookup) throws IOException {
    try {
      return lookup.of(name);
    } catch (UserPrincipalNotFoundException e) {
      throw new IOException("there is no " + kind + " '" + name + "'", e);
    }
  }

  /// Takes away the file of a socket that no listener wants any more.
  static void forget(Path path) {
    try {
      of(path).remove();
    } catch (IOException e) {
      // It is gone already.
    }
  }

  /// Takes the file away, unless another process needs it or has put its own there.
  void remove() {
    try {
      if (!another && key(path).equals(key)) {
        Files.delete(path);
      }
    } catch (NoSuchFileException e) {
      // Somebody was faster.
    } catch (IOException e) {
      LOG.log(
          System.Logger.Level.WARNING, "the file {0} cannot be removed: {1}", path, e.toString());
    }
  }
}
