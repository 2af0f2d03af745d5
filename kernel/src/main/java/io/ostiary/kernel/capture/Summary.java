package io.ostiary.kernel.capture;

import io.ostiary.model.capture.Layer;
import io.ostiary.model.capture.Layer.Part;
import java.util.List;

/// A packet in one line: its highest header, and how much it carries.
final class Summary {
  private Summary() {}

  static String of(List<Layer> layers) {
    var highest = layers.getFirst();
    int carried = 0;
    for (var layer : layers) {
      if (layer.part() == Part.HEADER) {
        highest = layer;
      } else if (layer.part() == Part.PAYLOAD) {
        carried += layer.length();
      }
    }
    return carried == 0 ? highest.title() : highest.title() + ", " + carried + " bytes";
  }
}
