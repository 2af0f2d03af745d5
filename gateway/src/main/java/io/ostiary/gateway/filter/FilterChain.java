package io.ostiary.gateway.filter;

import io.ostiary.gateway.spi.BodyNeed;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.UnroutedWatch;
import io.ostiary.model.Ending;
import java.util.ArrayList;
import java.util.List;

/// The filters of one route, with one list for each moment, so that a moment nobody wants costs a
/// look at an empty array. Immutable; shared by all event loops.
///
/// On the way in they run in the order they were written, on the way out in the opposite order: the
/// policy nearest to the upstream sees its response first.
public final class FilterChain {
  /// One bit of a long for each filter.
  public static final int FILTERS_MAX = 64;

  public static final FilterChain EMPTY = new FilterChain(FilterOrder.empty());

  private final Filter[] filters;
  private final FilterOrder order;
  private final int states;
  private final List<UnroutedWatch> unrouted;

  private FilterChain(FilterOrder order) {
    this.order = order;
    filters = new Filter[0];
    states = 0;
    unrouted = List.of();
  }

  /// @param states how many places for state the filters asked for
  public FilterChain(List<Filter> filters, List<String> names, int states) {
    this(filters, names, states, EMPTY);
  }

  /// @param like a chain that may have the same kinds of filters
  public FilterChain(List<Filter> filters, List<String> names, int states, FilterChain like) {
    this.filters = filters.toArray(Filter[]::new);
    this.states = states;
    order = FilterOrder.of(filters, names, like.order, like.filters);
    unrouted = watches(filters);
  }

  private static List<UnroutedWatch> watches(List<Filter> filters) {
    var watches = new ArrayList<UnroutedWatch>(0);
    for (var filter : filters) {
      var watch = filter.unrouted();
      if (watch != null) {
        watches.add(watch);
      }
    }
    return List.copyOf(watches);
  }

  /// Who wants to know of exchanges without a route.
  public List<UnroutedWatch> unrouted() {
    return unrouted;
  }

  private BodyNeed requestNeed(int filter) {
    return filters[filter].requestBodyNeed();
  }

  private BodyNeed responseNeed(int filter) {
    return filters[filter].responseBodyNeed();
  }

  /// How much of a body this filter reads as a whole.
  public int bodyMax(int filter, boolean ofRequest) {
    var need = ofRequest ? requestNeed(filter) : responseNeed(filter);
    return need instanceof BodyNeed.Whole(int bytesMax) ? bytesMax : Integer.MAX_VALUE;
  }

  public Filter filter(int i) {
    return filters[i];
  }

  public String name(int i) {
    return order.names.get(i);
  }

  public Ending.Refused refusal(int i) {
    return order.refusals[i];
  }

  public int states() {
    return states;
  }

  public int[] request() {
    return order.request;
  }

  /// All that see the body, in the order in which they do.
  public int[] requestBody() {
    return order.requestBody;
  }

  public int[] responseBody() {
    return order.responseBody;
  }

  /// Filters that may replace the request's body; one bit each.
  public long requestChanges() {
    return order.requestChanges;
  }

  public long responseChanges() {
    return order.responseChanges;
  }

  /// Those that see each piece, or replace it.
  public int[] requestStream() {
    return order.requestStream;
  }

  public int[] requestWhole() {
    return order.requestWhole;
  }

  public int[] response() {
    return order.response;
  }

  public int[] responseStream() {
    return order.responseStream;
  }

  public int[] responseWhole() {
    return order.responseWhole;
  }

  public int[] end() {
    return order.end;
  }

  /// Filters that only want to know the end, of every exchange of the route.
  public long endOnly() {
    return order.endOnly;
  }

  /// Filters that answer CORS preflights.
  public long preflights() {
    return order.preflights;
  }

  public int requestWholeMax() {
    return order.requestWholeMax;
  }

  public int responseWholeMax() {
    return order.responseWholeMax;
  }
}
