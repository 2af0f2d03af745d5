package io.ostiary.control;

import io.ostiary.model.Require;
import java.nio.file.Path;
import java.util.List;

/// Where the control plane listens and keeps its files.
///
/// @param host an IP address; other than loopback it is reachable by others, and `/metrics` then
///   needs a token
/// @param port 0: any free one
/// @param data the directory of the database and the token
/// @param webRoot where the built console is on the class path, such as `/web`
/// @param names host names, beside IP addresses and `localhost`, by which browsers may ask
public record ControlSettings(
    String host, int port, Path data, String webRoot, List<String> names) {
  public ControlSettings {
    Require.notBlank("control.host", host);
    Require.between("control.port", port, 0, 65_535);
    names = List.copyOf(names);
  }

  /// At the usual address, `127.0.0.1:9080`.
  public static ControlSettings in(Path data) {
    return new ControlSettings("127.0.0.1", 9080, data, "/web", List.of());
  }
}
