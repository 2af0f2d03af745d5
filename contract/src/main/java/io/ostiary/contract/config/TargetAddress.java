package io.ostiary.contract.config;

import io.ostiary.model.SocketPath;
import io.ostiary.model.setting.About;

/// Where a target is: `host:port`, or `unix:` and the path of a socket; then the port is 0.
@About("host:port, such as \"127.0.0.1:8080\", or unix:/run/app.sock")
record TargetAddress(String host, int port) {
  static TargetAddress parse(String text) {
    if (SocketPath.is(text)) {
      return new TargetAddress(SocketPath.require("address", text), 0);
    }
    var address = Address.parse(text);
    return new TargetAddress(address.host(), address.port());
  }
}
