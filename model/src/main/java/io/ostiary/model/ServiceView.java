package io.ostiary.model;

import java.time.Instant;
import java.util.List;

/// The kernel's services as the control room shows them.
public interface ServiceView {
  ServiceView NONE = () -> new View("No services are configured.", List.of());

  View services();

  /// @param sentence whether they run, where, and what keeps them from it
  record View(String sentence, List<Status> services) {
    public View {
      services = List.copyOf(services);
    }
  }

  /// @param warning what is in the way of packets; empty where nothing is
  record Status(Service service, String warning, List<TargetStatus> targets, Events events) {
    public Status {
      targets = List.copyOf(targets);
    }
  }

  /// How a target does and what it is given.
  ///
  /// @param weightNow its share now, out of the weight that is configured
  /// @param why one sentence about the weight it has now
  /// @param open connections in flight; of those who drain, what is still to end
  /// @param newPerSecond connections of the last second
  /// @param rttMicros SYN to SYN-ACK; 0: none yet
  /// @param answerMicros from the first byte of a request to the first one back; 0: none yet
  record TargetStatus(
      Service.Target target,
      State state,
      double weightNow,
      String why,
      Instant since,
      long open,
      double newPerSecond,
      long connections,
      long rttMicros,
      long answerMicros) {}

  /// What a target is to new connections.
  enum State {
    HEALTHY,
    UNHEALTHY,
    STARTING,
    DRAINING,
    /// No longer configured; its connections go on.
    LEAVING
  }

  /// What happened since the service is in force.
  ///
  /// @param attempts SYNs, datagrams of no known flow and local connects, of the targets of now
  /// @param proven handshakes that were completed
  /// @param stateless packets sent on by the table alone, as no record was found
  /// @param withoutTarget dropped, because no target had a weight
  /// @param withoutRoom handshakes that found no room for a record
  /// @param strays dropped: a second target's answer to one connection
  /// @param flood SYNs spread by hash alone, as too many came at once
  /// @param local connections of clients on this host
  record Events(
      long attempts,
      long proven,
      long stateless,
      long withoutTarget,
      long withoutRoom,
      long strays,
      long flood,
      long local) {}
}
