package io.ostiary.model.capture;

import java.util.List;

/// A captured packet, taken apart.
///
/// @param hex its bytes, two digits each
/// @param note what is missing of it and why; empty when it is whole
public record PacketDetail(PacketLine line, List<Layer> layers, String hex, String note) {
  public PacketDetail {
    layers = List.copyOf(layers);
  }
}
