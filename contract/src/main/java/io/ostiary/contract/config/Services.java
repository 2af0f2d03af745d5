package io.ostiary.contract.config;

import io.ostiary.model.Listener;
import io.ostiary.model.Service;
import io.ostiary.model.Service.Protocol;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The services of a file, and what would keep them from living beside each other: packets and
/// answers are told apart by address, port and protocol alone. Used once, by one thread.
final class Services {
  private final List<Written.Service> written;
  private final Notes notes;
  private final Map<Place, String> services = new HashMap<>();
  private final Map<Place, String> targets = new HashMap<>();

  private record Place(InetAddress address, int port, Protocol protocol) {}

  Services(List<Written.Service> written, Notes notes) {
    this.written = written;
    this.notes = notes;
  }

  List<Service> read(List<Listener> listeners) {
    var read = new ArrayList<Service>();
    var pointers = new ArrayList<String>();
    if (written.size() > Service.SERVICES_MAX) {
      notes.fault(
          "/services",
          "services: %d (expected: at most %d)".formatted(written.size(), Service.SERVICES_MAX));
    }
    for (int i = 0; i < written.size(); i++) {
      var pointer = "/services/" + i;
      var one = written.get(i);
      var service = notes.attempt(pointer, () -> service(one, targets(one, pointer), check(one)));
      if (service != null) {
        alone(service, pointer, listeners);
        read.add(service);
        pointers.add(pointer);
      }
    }
    for (int i = 0; i < read.size(); i++) {
      notAnothersTarget(read.get(i), pointers.get(i));
    }
    return read;
  }

  private static Service service(
      Written.Service written, List<Service.Target> targets, Service.@Nullable Check check) {
    return new Service(
        written.name(),
        written.address().host(),
        written.address().port(),
        switch (written.protocol()) {
          case TCP -> Protocol.TCP;
          case UDP -> Protocol.UDP;
        },
        written.algorithm(),
        targets,
        check,
        written.slowStart());
  }

  private List<Service.Target> targets(Written.Service service, String pointer) {
    var read = new ArrayList<Service.Target>();
    for (int i = 0; i < service.targets().size(); i++) {
      var one = service.targets().get(i);
      var target =
          notes.attempt(
              pointer + "/targets/" + i,
              () ->
                  new Service.Target(
                      one.address().host(), one.address().port(), one.weight(), one.drain()));
      if (target != null) {
        read.add(target);
      }
    }
    if (read.isEmpty() && !service.targets().isEmpty()) {
      // What is wrong with them has been told; that there are none would be wrong.
      boolean v6 = service.address().host().indexOf(':') >= 0;
      read.add(new Service.Target(v6 ? "2001:db8::1" : "192.0.2.1", 1, 1, false));
    }
    return read;
  }

  private static Service.@Nullable Check check(Written.Service service) {
    var health = service.health();
    return health == null
        ? null
        : new Service.Check(
            health.path(),
            health.port(),
            health.every(),
            health.timeout(),
            health.unhealthyAfter(),
            health.healthyAfter());
  }

  /// The address is nobody else's, and an answer tells which service it is of.
  private void alone(Service service, String pointer, List<Listener> listeners) {
    var own = new Place(service.literalAddress(), service.port(), service.protocol());
    var other = services.putIfAbsent(own, service.name());
    if (other != null) {
      notes.fault(
          pointer + "/address",
          "address: %s is that of service '%s' too".formatted(service.place(), other));
    }
    for (var listener : listeners) {
      if (service.protocol() == Protocol.TCP
          && !listener.local()
          && listener.port() == service.port()
          && InetAddress.ofLiteral(listener.host()).equals(own.address())) {
        notes.fault(
            pointer + "/address",
            "address: %s is that of a listener (expected: an address of its own)"
                .formatted(service.place()));
      }
    }
    for (int i = 0; i < service.targets().size(); i++) {
      var target = service.targets().get(i);
      var place = new Place(target.place().address(), target.port(), service.protocol());
      var before = targets.putIfAbsent(place, service.name());
      if (before != null) {
        notes.fault(
            pointer + "/targets/" + i,
            "targets: %s answers for service '%s' too (expected: one service, or its answers could not be told apart)"
                .formatted(target, before));
      }
    }
  }

  private void notAnothersTarget(Service service, String pointer) {
    var place = new Place(service.literalAddress(), service.port(), service.protocol());
    var other = targets.get(place);
    if (other != null) {
      notes.fault(
          pointer + "/address",
          "address: %s is a target of service '%s' (expected: no service behind a service)"
              .formatted(service.place(), other));
    }
  }
}
