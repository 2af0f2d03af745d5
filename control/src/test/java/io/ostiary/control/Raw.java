package io.ostiary.control;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/// Requests that the JDK's client would not send.
final class Raw {
  private Raw() {}

  static String get(URI uri, String host) throws IOException {
    try (var socket = new Socket(uri.getHost(), uri.getPort())) {
      socket.setSoTimeout(5000);
      var request =
          "GET " + uri.getPath() + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
