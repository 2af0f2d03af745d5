package io.ostiary.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ostiary.contract.config.ConfigReader;
import io.ostiary.contract.config.ConfigSource;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.policies.RateLimit;
import io.ostiary.server.jar.PolicyFolder;
import java.io.IOException;
import java.net.JarURLConnection;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.ZipFile;

/// The policies that may be used: those on the class path and those in the jars of a folder.
///
/// @param all in the order of their names, the jars' behind
/// @param refusals one sentence for each jar that is not taken
/// @param stamp changes when any jar does
public record PolicyList(List<Policy<?>> all, List<String> refusals, String stamp) {
  private static final String LIST = "META-INF/services/" + Policy.class.getName();

  public PolicyList {
    all = List.copyOf(all);
    refusals = List.copyOf(refusals);
  }

  /// The standard ones alone.
  public static PolicyList load() {
    var byName = new TreeMap<String, Policy<?>>();
    for (var policy : standard()) {
      var other = byName.put(policy.name(), policy);
      if (other != null) {
        throw new UserError(
            "policy '%s': found in %s and in %s (expected: once). Remove one of them"
                .formatted(policy.name(), other.getClass(), policy.getClass()));
      }
    }
    return new PolicyList(List.copyOf(byName.values()), List.of(), "");
  }

  /// What the list in their own jar names. ServiceLoader would open every jar of the class path in
  /// search of further lists, which takes a tenth of the time that a start may take.
  private static List<Policy<?>> standard() {
    var all = new ArrayList<Policy<?>>();
    try {
      for (var line : list(place(RateLimit.class)).split("\n")) {
        if (!line.isBlank()) {
          var type = Class.forName(line.strip()).asSubclass(Policy.class);
          all.add((Policy<?>) type.getConstructor().newInstance());
        }
      }
    } catch (IOException | URISyntaxException | ReflectiveOperationException e) {
      throw new IllegalStateException("the standard policies cannot be loaded: " + e, e);
    }
    return all;
  }

  /// The jar or the folder that a class is from. Out of a start-up cache whose folder was moved
  /// since, classes do not know it, and it has to be searched for.
  private static Path place(Class<?> type) throws IOException, URISyntaxException {
    var source = type.getProtectionDomain().getCodeSource();
    var known = source == null ? null : source.getLocation();
    if (known != null) {
      return Path.of(known.toURI());
    }
    var found = type.getResource(type.getSimpleName() + ".class");
    if (found != null && found.openConnection() instanceof JarURLConnection jar) {
      return Path.of(jar.getJarFileURL().toURI());
    }
    throw new IOException(type + ": found at " + found + " (expected: in a jar)");
  }

  /// @param place a jar, or the folder of classes that becomes one
  private static String list(Path place) throws IOException {
    if (Files.isDirectory(place)) {
      return Files.readString(place.resolve(LIST));
    }
    try (var jar = new ZipFile(place.toFile());
        var list = jar.getInputStream(jar.getEntry(LIST))) {
      return new String(list.readAllBytes(), UTF_8);
    }
  }

  /// @param folder of jars; one that is not there has none
  public static PolicyList load(Path folder) {
    var own = load();
    var jars = PolicyFolder.read(folder, own.all);
    var all = new ArrayList<>(own.all);
    all.addAll(jars.policies());
    return new PolicyList(all, jars.refusals(), folder + " " + jars.stamp());
  }

  /// The folder that a configuration names, or the usual one in the data folder.
  public static Path folder(Path configuration, Path data) {
    return folder(new ConfigSource(configuration), data);
  }

  /// The same of a file that others read as well.
  static Path folder(ConfigSource configuration, Path data) {
    var named = ConfigReader.policiesFolder(configuration);
    return named == null ? data.resolve("policies") : named;
  }

  /// What [#load] would find different, without loading.
  static String stamp(Path folder) {
    return folder + " " + PolicyFolder.stamp(folder);
  }

  /// The settings record of each policy by its name.
  public Map<String, Class<? extends Record>> settings() {
    var settings = new LinkedHashMap<String, Class<? extends Record>>();
    all.forEach(policy -> settings.put(policy.name(), policy.settings()));
    return settings;
  }
}
