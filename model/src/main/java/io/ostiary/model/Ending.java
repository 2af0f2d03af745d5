package io.ostiary.model;

/// How an exchange ended and by whom. There is exactly one per exchange.
public sealed interface Ending {
  Blame blame();

  /// A stable word for metrics, filters and the console, such as `answered` or `connect-timeout`;
  /// for a policy its name.
  String reason();

  /// The whole response reached the client's socket. `upstreamStatus` 5xx blames the upstream.
  record Answered(int upstreamStatus) implements Ending {
    @Override
    public Blame blame() {
      return upstreamStatus >= 500 ? Blame.UPSTREAM : Blame.NONE;
    }

    @Override
    public String reason() {
      return "answered";
    }
  }

  /// A policy replied in the upstream's place.
  record Refused(String policy) implements Ending {
    @Override
    public Blame blame() {
      return Blame.POLICY;
    }

    @Override
    public String reason() {
      return policy;
    }
  }

  /// The client broke the protocol, left, or let a wait run out.
  record ClientFailed(String reason) implements Ending {
    @Override
    public Blame blame() {
      return Blame.CLIENT;
    }
  }

  /// The connection was cut beneath us, by a reset from the network or by our own rules.
  record KernelFailed(String reason) implements Ending {
    @Override
    public Blame blame() {
      return Blame.KERNEL;
    }
  }

  record UpstreamFailed(String reason) implements Ending {
    @Override
    public Blame blame() {
      return Blame.UPSTREAM;
    }
  }

  record GatewayFailed(String reason) implements Ending {
    @Override
    public Blame blame() {
      return Blame.GATEWAY;
    }
  }
}
