package io.ostiary.kernel.balance;

import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.kernel.libbpf.TestRun;
import io.ostiary.model.Service;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// What a packet of a service costs. The program puts the packet back at the end of each run, so
/// that it finds the same one again; that second rewriting is part of the figure.
public final class ServiceCost {
  private static final int RUNS = 5;
  private static final int KNOWN = 1;
  private static final int NEW = 2;
  private static final String ADDRESS = "203.0.113.10";

  private final int repetitions;
  private final List<Figure> figures = new ArrayList<>();

  private ServiceCost(int repetitions) {
    this.repetitions = repetitions;
  }

  /// @param nanos the best of five, harness included
  public record Figure(String what, boolean known, int nanos) {}

  /// Needs root; attaches nothing.
  public static List<Figure> measure(int repetitions) throws LibbpfException, IOException {
    var cost = new ServiceCost(repetitions);
    cost.of(Service.Algorithm.MAGLEV);
    cost.of(Service.Algorithm.LEAST_LOADED);
    return List.copyOf(cost.figures);
  }

  private void of(Service.Algorithm algorithm) throws LibbpfException, IOException {
    try (var programs = ServicePrograms.load(KNOWN)) {
      var incoming = prepared(programs, algorithm);
      var frame = new ServiceFrame("198.18.0.2", 40_000, ADDRESS, 80);
      incoming.run(frame.tcp(ServiceFrame.SYN, 1, 0, 0), 1);
      programs
          .testRun("service_egress")
          .run(
              new ServiceFrame("198.18.1.2", 8000, "198.18.0.2", 40_000)
                  .tcp(ServiceFrame.SYN | ServiceFrame.ACK, 7, 2, 0),
              1);
      var data = frame.tcp(ServiceFrame.ACK, 2, 8, 100);
      incoming.run(data, 1);
      if (programs.tables().counted(0, 0).open() != 1) {
        throw new IllegalStateException("the connection to measure was not made");
      }
      figures.add(new Figure(algorithm.name(), true, best(incoming, data)));
    }
    try (var programs = ServicePrograms.load(NEW)) {
      var incoming = prepared(programs, algorithm);
      var syn = new ServiceFrame("198.18.0.2", 40_000, ADDRESS, 80).tcp(ServiceFrame.SYN, 1, 0, 0);
      figures.add(new Figure(algorithm.name(), false, best(incoming, syn)));
    }
  }

  private static TestRun prepared(ServicePrograms programs, Service.Algorithm algorithm)
      throws LibbpfException {
    var targets = new ArrayList<Service.Target>();
    for (int i = 1; i <= 3; i++) {
      targets.add(new Service.Target("198.18.%d.2".formatted(i), 8000, 1, false));
    }
    var service =
        new Service(
            "bench", ADDRESS, 80, Service.Protocol.TCP, algorithm, targets, null, Duration.ZERO);
    // What a flood is is not measured here.
    programs.floodAbove(Integer.MAX_VALUE);
    new RunningService(0, service, programs.tables(), Thread.ofVirtual().factory(), () -> {})
        .begin();
    return programs.testRun("service_xdp");
  }

  private int best(TestRun run, byte[] packet) throws LibbpfException {
    int best = Integer.MAX_VALUE;
    for (int i = 0; i < RUNS; i++) {
      best = Math.min(best, run.run(packet, repetitions).nanos());
    }
    return best;
  }
}
