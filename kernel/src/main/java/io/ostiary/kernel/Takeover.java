package io.ostiary.kernel;

import io.ostiary.kernel.libbpf.BpfLink;
import io.ostiary.kernel.libbpf.BpfLink.Hook;
import io.ostiary.kernel.libbpf.Libbpf;
import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.kernel.libbpf.Pins;
import io.ostiary.kernel.shield.Shield;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// How one process hands the interfaces to the next without a packet that no program judges: the
/// links wait in the BPF file system between the end of the one and the start of the other, and the
/// next puts its own programs into them. Nothing is left there otherwise; what nobody takes fails
/// open after [#SECONDS]. Confined to one thread at a time.
///
/// The folder belongs to one data folder in one network namespace: interfaces have numbers only
/// within one.
final class Takeover {
  /// How long the rules hold while nobody gives a sign of life.
  static final int SECONDS = 30;

  private static final Logger LOG = LoggerFactory.getLogger(Takeover.class);

  private final Pins pins;
  private final Map<String, BpfLink> waiting = new TreeMap<>();

  Takeover(Path folder, Libbpf library) {
    pins = new Pins(folder, library);
  }

  Pins pins() {
    return pins;
  }

  /// Leaves programs and links for the next process.
  void leave(Shield shield, Iterable<Attachment> attachments) throws LibbpfException, IOException {
    pins.begin();
    shield.handOver(pins, SECONDS);
    for (var attachment : attachments) {
      if (attachment.link() != null) {
        pins.put(attachment.link(), attachment.device().index() + "-" + attachment.mode());
      }
    }
  }

  /// Takes what waits, so that it is held by this process alone.
  void begin() {
    try {
      waiting.putAll(pins.takeLinks());
    } catch (LibbpfException | IOException e) {
      LOG.warn("what the process before left cannot be taken over: {}", e.getMessage());
    }
  }

  /// The interface with our program in the link that waits for it, if one does.
  Optional<Attachment> take(Shield shield, NetworkInterfaces.Found found, DeviceProbe probe) {
    for (var hook : new Hook[] {Hook.XDP_NATIVE, Hook.XDP_GENERIC, Hook.TCX}) {
      var link = waiting.remove(found.index() + "-" + Attachment.mode(hook));
      if (link == null) {
        continue;
      }
      try {
        if (link.interfaceIndex() == found.index()) {
          var why = shield.inherited();
          return Optional.of(Attachment.takenOver(shield, found, probe, link, hook, why));
        }
      } catch (LibbpfException e) {
        LOG.warn("{} is attached anew: {}", found.name(), e.getMessage());
      }
      link.close();
    }
    return Optional.empty();
  }

  /// Nobody asked for the rest.
  void end() {
    waiting.values().forEach(BpfLink::close);
    waiting.clear();
    try {
      pins.clear();
    } catch (IOException e) {
      LOG.warn("{} stays behind in the BPF file system", e.getMessage());
    }
  }
}
