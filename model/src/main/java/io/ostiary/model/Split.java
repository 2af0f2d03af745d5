package io.ostiary.model;

import java.util.List;
import java.util.Set;

/// Shares of an API's calls that go to other upstreams, such as a new version being tried.
///
/// @param by whose calls go the same way together
/// @param to the first whose `when` holds takes the call; else it is drawn by their percents, and
///   what none of them takes is the API's own upstream's
public record Split(By by, List<Share> to) {
  public static final Split NONE = new Split(By.CALL, List.of());

  public Split {
    to = List.copyOf(to);
    double percent = to.stream().mapToDouble(Share::percent).sum();
    if (percent > 100) {
      throw Require.invalid("split.to", percent + " percent together", "at most 100");
    }
  }

  /// What is drawn for: each call, each client address, or each consumer (for calls without one,
  /// each client address).
  public enum By {
    CALL,
    CLIENT,
    CONSUMER
  }

  /// @param upstream the name of an upstream of the same snapshot
  /// @param percent of the calls, 0-100, in steps of 0.01
  /// @param when calls for which this holds all go there, whatever the share; empty: none
  /// @param consumers ids or names of consumers whose calls all go there
  public record Share(String upstream, double percent, Conditions when, Set<String> consumers) {
    public Share {
      consumers = Set.copyOf(consumers);
      Require.name("upstream", upstream);
      consumers.forEach(name -> Require.notBlank("consumers", name));
      if (!(percent >= 0 && percent <= 100)) {
        throw Require.invalid("percent", percent, "0-100");
      }
      if (percent == 0 && when.isEmpty() && consumers.isEmpty()) {
        throw Require.invalid("percent", "0 without when and consumers", "more, or a condition");
      }
    }

    /// For no consumers in particular.
    public Share(String upstream, double percent, Conditions when) {
      this(upstream, percent, when, Set.of());
    }
  }
}
