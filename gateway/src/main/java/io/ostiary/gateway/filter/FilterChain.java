package io.ostiary.gateway.filter;

import io.ostiary.gateway.spi.BodyNeed;
import io.ostiary.gateway.spi.BodyNeed.None;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.UnroutedWatch;
import io.ostiary.model.Ending;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;

/// The filters of one route, with one list for each moment, so that a moment nobody wants costs a
/// look at an empty array. Immutable; shared by all event loops.
///
/// On the way in they run in the order they were written, on the way out in the opposite order: the
/// policy nearest to the upstream sees its response first.
public final class FilterChain {
  /// Stands before what is made with it.
  private static final int[] NOBODY = {};

  /// One bit of a long for each filter.
  public static final int FILTERS_MAX = 64;

  public static final FilterChain EMPTY = new FilterChain(List.of(), List.of(), 0);

  private final Filter[] filters;
  private final String[] names;
  private final Ending.Refused[] refusals;
  private final int states;

  /// Of each filter.
  private final List<Set<Moment>> moments;

  private final int[] request;
  private final int[] requestStream;
  private final int[] requestWhole;
  private final int[] requestBody;
  private final int[] response;
  private final int[] responseStream;
  private final int[] responseWhole;
  private final int[] responseBody;
  private final int[] end;
  private final long endOnly;
  private final long preflights;
  private final long requestChanges;
  private final long responseChanges;
  private final int requestWholeMax;
  private final int responseWholeMax;
  private final List<UnroutedWatch> unrouted;

  /// @param states how many places for state the filters asked for
  public FilterChain(List<Filter> filters, List<String> names, int states) {
    this.filters = filters.toArray(Filter[]::new);
    this.names = names.toArray(String[]::new);
    this.refusals = new Ending.Refused[this.names.length];
    Arrays.setAll(refusals, i -> new Ending.Refused(this.names[i]));
    this.states = states;
    moments = new ArrayList<>(filters.size());
    filters.forEach(filter -> moments.add(filter.moments()));
    request = at(i -> has(i, Moment.REQUEST));
    requestBody = at(i -> has(i, Moment.REQUEST_BODY) && !(requestNeed(i) instanceof None));
    requestWhole = among(requestBody, i -> requestNeed(i) instanceof BodyNeed.Whole);
    requestStream = among(requestBody, i -> !(requestNeed(i) instanceof BodyNeed.Whole));
    response = reversed(at(i -> has(i, Moment.RESPONSE)));
    responseBody =
        reversed(at(i -> has(i, Moment.RESPONSE_BODY) && !(responseNeed(i) instanceof None)));
    responseWhole = among(responseBody, i -> responseNeed(i) instanceof BodyNeed.Whole);
    responseStream = among(responseBody, i -> !(responseNeed(i) instanceof BodyNeed.Whole));
    end = reversed(at(i -> has(i, Moment.END)));
    endOnly = bits(among(end, i -> moments.get(i).size() == 1));
    preflights = bits(at(i -> this.filters[i].answersPreflights()));
    requestChanges = bits(among(requestBody, i -> requestNeed(i) instanceof BodyNeed.Change));
    responseChanges = bits(among(responseBody, i -> responseNeed(i) instanceof BodyNeed.Change));
    requestWholeMax = smallest(requestWhole, true);
    responseWholeMax = smallest(responseWhole, false);
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

  private boolean has(int filter, Moment moment) {
    return moments.get(filter).contains(moment);
  }

  private BodyNeed requestNeed(int filter) {
    return filters[filter].requestBodyNeed();
  }

  private BodyNeed responseNeed(int filter) {
    return filters[filter].responseBodyNeed();
  }

  // Loops rather than streams: a reload makes ten thousand chains.

  private int[] at(IntPredicate wanted) {
    var all = new int[filters.length];
    Arrays.setAll(all, i -> i);
    return among(all, wanted);
  }

  private static int[] among(int[] order, IntPredicate wanted) {
    var found = new int[order.length];
    int count = 0;
    for (int i : order) {
      if (wanted.test(i)) {
        found[count++] = i;
      }
    }
    return count == 0 ? NOBODY : Arrays.copyOf(found, count);
  }

  private static long bits(int[] filters) {
    long bits = 0;
    for (int i : filters) {
      bits |= 1L << i;
    }
    return bits;
  }

  private static int[] reversed(int[] order) {
    var reversed = new int[order.length];
    for (int i = 0; i < order.length; i++) {
      reversed[order.length - 1 - i] = order[i];
    }
    return reversed;
  }

  /// How much of a body this filter reads as a whole.
  public int bodyMax(int filter, boolean ofRequest) {
    var need = ofRequest ? requestNeed(filter) : responseNeed(filter);
    return need instanceof BodyNeed.Whole(int bytesMax) ? bytesMax : Integer.MAX_VALUE;
  }

  private int smallest(int[] wanting, boolean ofRequest) {
    int least = Integer.MAX_VALUE;
    for (int i : wanting) {
      var need = ofRequest ? requestNeed(i) : responseNeed(i);
      if (need instanceof BodyNeed.Whole(int bytesMax)) {
        least = Math.min(least, bytesMax);
      }
    }
    return least;
  }

  public Filter filter(int i) {
    return filters[i];
  }

  public String name(int i) {
    return names[i];
  }

  public Ending.Refused refusal(int i) {
    return refusals[i];
  }

  public int states() {
    return states;
  }

  public int[] request() {
    return request;
  }

  /// All that see the body, in the order in which they do.
  public int[] requestBody() {
    return requestBody;
  }

  public int[] responseBody() {
    return responseBody;
  }

  /// Filters that may replace the request's body; one bit each.
  public long requestChanges() {
    return requestChanges;
  }

  public long responseChanges() {
    return responseChanges;
  }

  /// Those that see each piece, or replace it.
  public int[] requestStream() {
    return requestStream;
  }

  public int[] requestWhole() {
    return requestWhole;
  }

  public int[] response() {
    return response;
  }

  public int[] responseStream() {
    return responseStream;
  }

  public int[] responseWhole() {
    return responseWhole;
  }

  public int[] end() {
    return end;
  }

  /// Filters that only want to know the end, of every exchange of the route.
  public long endOnly() {
    return endOnly;
  }

  /// Filters that answer CORS preflights.
  public long preflights() {
    return preflights;
  }

  public int requestWholeMax() {
    return requestWholeMax;
  }

  public int responseWholeMax() {
    return responseWholeMax;
  }
}
