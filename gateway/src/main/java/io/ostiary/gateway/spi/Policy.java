package io.ostiary.gateway.spi;

/// What people write: a name and a record of settings. Found through `ServiceLoader`, so that the
/// policies we ship have no privilege over a user's own.
///
/// @param <S> the settings; its components are the settings' names in kebab case, their defaults
///   and checks are in its constructors
public interface Policy<S extends Record> {
  /// As written in `ostiary.yaml`, in metrics, in problems and as the name of its page in
  /// `docs/policies`: kebab case.
  String name();

  /// The record that its settings are bound to.
  Class<S> settings();

  /// Makes the filter that runs at one site. Called on a control-plane thread for every plan; may
  /// take time, but not wait for others.
  ///
  /// @throws IllegalArgumentException when the settings do not fit this site; the message names the
  ///   setting, and the plan is refused
  Filter compile(S settings, Site site);

  /// Whether what [#compile] gives follows from nothing but the settings, the site's API and route
  /// and, of the snapshot, its consumers, keys, upstreams and settings for calls to others. Then
  /// the filter may go on under later plans that change none of these. Whoever reads files or looks
  /// at anything else says no.
  default boolean lasting() {
    return false;
  }

  /// Whether what [#compile] gives for these settings, and whether it refuses them, follows from no
  /// route of the site's API but the site's own. Then filters that last may also go on where other
  /// routes of their API change. Whoever looks at the API's routes says no.
  default boolean ofOneRoute(S settings) {
    return false;
  }

  /// Whether what [#compile] gives is made to answer calls in an upstream's place: a route that has
  /// it needs no upstream. Calls that no policy of such a route answers get 404 and `no-upstream`.
  default boolean answers(S settings) {
    return false;
  }
}
