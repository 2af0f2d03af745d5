package io.ostiary.server.jar;

import io.ostiary.gateway.spi.Policy;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URL;
import java.net.URLConnection;
import java.net.URLStreamHandler;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.jar.JarInputStream;
import org.jspecify.annotations.Nullable;

/// The classes of one jar, in memory, so that the file may be replaced while they are in use. They
/// see the JDK, `gateway.spi`, `model` and each other, and nothing else of ours: no Netty, no
/// database, none of the libraries we use, of which they may bring their own.
final class PolicyJar extends ClassLoader {
  static final long BYTES_MAX = 32L * 1024 * 1024;

  private final String file;
  private final Map<String, byte[]> entries;

  private PolicyJar(String file, Map<String, byte[]> entries) {
    super("policy " + file, new Shared());
    this.file = file;
    this.entries = entries;
  }

  /// What is shared with us. Looked for only where the JDK has no class of that name.
  private static final class Shared extends ClassLoader {
    private static final List<String> PACKAGES =
        List.of("io.ostiary.gateway.spi.", "io.ostiary.model.", "org.jspecify.annotations.");

    Shared() {
      super("ostiary-shared", ClassLoader.getPlatformClassLoader());
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
      if (PACKAGES.stream().anyMatch(name::startsWith)) {
        return Class.forName(name, false, Policy.class.getClassLoader());
      }
      throw new ClassNotFoundException(
          name
              + " (a policy sees the JDK, io.ostiary.gateway.spi, io.ostiary.model and"
              + " its own jar)");
    }
  }

  static PolicyJar read(Path file) throws IOException {
    var entries = new HashMap<String, byte[]>();
    long size = 0;
    try (var in = new JarInputStream(Files.newInputStream(file))) {
      for (var entry = in.getNextJarEntry(); entry != null; entry = in.getNextJarEntry()) {
        var bytes = in.readNBytes((int) (BYTES_MAX - size + 1));
        size += bytes.length;
        if (size > BYTES_MAX) {
          throw new IOException("more than 32 MiB unpacked (expected: at most that)");
        }
        if (!entry.isDirectory()) {
          entries.put(entry.getName(), bytes);
        }
      }
    }
    if (entries.isEmpty()) {
      throw new IOException("nothing in it (expected: a jar)");
    }
    return new PolicyJar(String.valueOf(file.getFileName()), entries);
  }

  /// The policies that it says it has.
  ///
  /// @throws IllegalArgumentException where it has none, or one cannot be made
  List<Policy<?>> policies() {
    var policies = new ArrayList<Policy<?>>();
    try {
      for (Policy<?> policy : ServiceLoader.load(Policy.class, this)) {
        policies.add(policy);
      }
    } catch (ServiceConfigurationError | LinkageError e) {
      throw new IllegalArgumentException(e.getMessage() == null ? "" + e : e.getMessage(), e);
    }
    if (policies.isEmpty()) {
      throw new IllegalArgumentException(
          "no policy (expected: a file META-INF/services/" + Policy.class.getName() + ")");
    }
    return policies;
  }

  @Override
  protected Class<?> findClass(String name) throws ClassNotFoundException {
    var bytes = entries.get(name.replace('.', '/') + ".class");
    if (bytes == null) {
      throw new ClassNotFoundException(
          name + " (not in " + file + ", and not shared with policies)");
    }
    return defineClass(name, bytes, 0, bytes.length);
  }

  @Override
  protected @Nullable URL findResource(String name) {
    var bytes = entries.get(name);
    if (bytes == null) {
      return null;
    }
    try {
      return URL.of(
          URI.create("policy-jar:" + file.replace(' ', '+') + "!/entry"), new Memory(bytes));
    } catch (IOException e) {
      throw new IllegalStateException("a URL of our own", e);
    }
  }

  @Override
  protected Enumeration<URL> findResources(String name) {
    var found = findResource(name);
    return Collections.enumeration(found == null ? List.of() : List.of(found));
  }

  private static final class Memory extends URLStreamHandler {
    private final byte[] bytes;

    Memory(byte[] bytes) {
      this.bytes = bytes;
    }

    @Override
    protected URLConnection openConnection(URL url) {
      return new URLConnection(url) {
        @Override
        public void connect() {}

        @Override
        public InputStream getInputStream() {
          return new ByteArrayInputStream(bytes);
        }
      };
    }
  }
}
