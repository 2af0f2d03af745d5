package io.ostiary.kernel.capture;

import io.ostiary.model.capture.Layer;
import io.ostiary.model.capture.Layer.Part;
import java.util.List;

/// What TCP carries, as far as its first bytes tell: a head of HTTP/1, records of TLS.
final class Carried {
  private static final int FIELDS_MAX = 100;

  private final byte[] frame;
  private final int end;
  private final List<Layer> layers;

  Carried(byte[] frame, int end, List<Layer> layers) {
    this.frame = frame;
    this.end = end;
    this.layers = layers;
  }

  /// @return the offset of what is left
  int tcp(int at) {
    if (HttpText.startsHead(frame, at, end)) {
      return http(at);
    }
    return tls(at);
  }

  private int http(int at) {
    int lineEnd = HttpText.lineEnd(frame, at, end);
    var layer = new LayerBuilder(frame, Part.HEADER, "http", at);
    int first = HttpText.find(frame, ' ', at, lineEnd);
    int second = HttpText.find(frame, ' ', first + 1, lineEnd);
    if (frame[at] == 'H' && frame[at + 1] == 'T') {
      layer
          .text(".response.version", "version", at, first - at)
          .text(".response.code", "status", first + 1, second - first - 1);
      if (second < lineEnd) {
        layer.text(".response.phrase", "phrase", second + 1, lineEnd - second - 1);
      }
    } else {
      layer
          .text(".request.method", "method", at, first - at)
          .text(".request.uri", "target", first + 1, second - first - 1);
      if (second < lineEnd) {
        layer.text(".request.version", "version", second + 1, lineEnd - second - 1);
      }
    }
    int next = fields(layer, HttpText.behindLine(frame, lineEnd, end));
    boolean request = layer.shown(".request.method") != null;
    layers.add(
        request
            ? layer.end(next - at, "HTTP/1 request %s %s", ".request.method", ".request.uri")
            : layer.end(next - at, "HTTP/1 response %s", ".response.code"));
    return next;
  }

  private int fields(LayerBuilder layer, int from) {
    int at = from;
    for (int i = 0; i < FIELDS_MAX && at < end; i++) {
      int lineEnd = HttpText.lineEnd(frame, at, end);
      int next = HttpText.behindLine(frame, lineEnd, end);
      if (lineEnd == at) {
        return next;
      }
      layer.text("http.line", "field", at, lineEnd - at);
      at = next;
    }
    return at;
  }

  private int tls(int from) {
    int at = from;
    while (at + 5 <= end && isTls(at)) {
      int length = Headers.u16(frame, at + 3);
      var layer = new LayerBuilder(frame, Part.HEADER, "tls", at);
      layer
          .named("tls.record.content_type", "content", at, 1, content(frame[at]))
          .hex("tls.record.version", "version", at + 1, 2)
          .number("tls.record.length", "length", at + 3, 2);
      layers.add(layer.end(5, "TLS record, %s", "tls.record.content_type"));
      int body = Math.min(length, end - at - 5);
      if (body > 0) {
        layers.add(
            new LayerBuilder(frame, Part.PAYLOAD, "tls", at + 5)
                .bytes("tls.record.body", "bytes", at + 5, body)
                .end(body, "TLS payload, %d bytes".formatted(body)));
      }
      at += 5 + body;
    }
    return at;
  }

  private boolean isTls(int at) {
    int type = frame[at];
    return type >= 20 && type <= 23 && frame[at + 1] == 3 && (frame[at + 2] & 255) <= 4;
  }

  private static String content(int type) {
    return switch (type) {
      case 20 -> "change cipher spec";
      case 21 -> "alert";
      case 22 -> "handshake";
      default -> "application data";
    };
  }
}
