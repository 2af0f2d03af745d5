package io.ostiary.control;

import io.ostiary.model.UpstreamHealth;
import io.ostiary.model.UpstreamLoad;
import java.util.List;

/// What the data plane tells of those who answer, and what it can be asked to do with them.
public interface Upstreams {
  List<UpstreamHealth> health();

  List<UpstreamLoad> loads();

  /// Lets a target get no new calls, or get them again.
  ///
  /// @param target as [io.ostiary.model.Target#toString] writes it
  /// @return false: there is no such target
  boolean drain(String upstream, String target, boolean drained);
}
