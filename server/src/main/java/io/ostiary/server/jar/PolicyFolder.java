package io.ostiary.server.jar;

import io.ostiary.contract.bind.SettingRow;
import io.ostiary.gateway.spi.Policy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The jars of a folder, and what is wrong with those that are not taken: one that is broken does
/// not keep the others out.
///
/// @param stamp changes when any jar does
/// @param policies in the order of the files
/// @param refusals one sentence for each jar that is not taken
public record PolicyFolder(String stamp, List<Policy<?>> policies, List<String> refusals) {
  private static final int JARS_MAX = 64;

  public PolicyFolder {
    policies = List.copyOf(policies);
    refusals = List.copyOf(refusals);
  }

  /// @param taken the policies that are there already: none may have the same name
  public static PolicyFolder read(Path folder, List<Policy<?>> taken) {
    var owners = new HashMap<String, String>();
    taken.forEach(policy -> owners.put(policy.name(), "a policy of Ostiary"));
    var policies = new ArrayList<Policy<?>>();
    var refusals = new ArrayList<String>();
    var jars = jars(folder);
    for (var jar : jars.keySet()) {
      try {
        var own = PolicyJar.read(jar).policies();
        own.forEach(policy -> check(policy, owners));
        own.forEach(policy -> owners.put(policy.name(), "the one of " + jar.getFileName()));
        policies.addAll(own);
      } catch (IOException | RuntimeException | LinkageError e) {
        refusals.add("policy jar " + jar + " is not taken: " + why(e));
      }
    }
    return new PolicyFolder(stamp(jars), policies, refusals);
  }

  private static String why(Throwable e) {
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }

  private static void check(Policy<?> policy, Map<String, String> owners) {
    var name = policy.name();
    if (!name.matches("[a-z][a-z0-9-]{0,62}")) {
      throw new IllegalArgumentException(
          "policy: '" + name + "' (expected: a name of a-z, 0-9 and '-')");
    }
    var owner = owners.get(name);
    if (owner != null) {
      throw new IllegalArgumentException(
          "policy: '" + name + "' (expected: a name of its own; this is " + owner + ")");
    }
    // Finds settings that nobody could write.
    SettingRow.of(policy.settings());
  }

  /// What a reading would find different, without reading.
  public static String stamp(Path folder) {
    return stamp(jars(folder));
  }

  private static String stamp(Map<Path, String> jars) {
    return jars.toString();
  }

  /// The jars by name, each with its size and time.
  private static Map<Path, String> jars(Path folder) {
    var jars = new TreeMap<Path, String>();
    try (var files = Files.newDirectoryStream(folder, "*.jar")) {
      for (var file : files) {
        if (jars.size() < JARS_MAX) {
          jars.put(file, Files.size(file) + " " + Files.getLastModifiedTime(file));
        }
      }
    } catch (NoSuchFileException e) {
      return jars;
    } catch (IOException e) {
      jars.put(folder, "cannot be read: " + e.getMessage());
    }
    return jars;
  }
}
