package io.ostiary.gateway.filter;

import io.ostiary.gateway.spi.BodyNeed;
import io.ostiary.gateway.spi.BodyNeed.None;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.model.Ending;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;

/// Which filters of a chain see what and in which order. It follows from their names and what they
/// want to see alone, so chains of the same kinds of filters share it: a reload makes ten thousand
/// chains. Immutable.
final class FilterOrder {
  /// Stands before what is made with it.
  private static final int[] NOBODY = {};

  final List<String> names;
  final Ending.Refused[] refusals;

  /// Of each filter.
  private final List<Set<Moment>> moments;

  private final List<BodyNeed> requestNeeds;
  private final List<BodyNeed> responseNeeds;
  final int[] request;
  final int[] requestStream;
  final int[] requestWhole;
  final int[] requestBody;
  final int[] response;
  final int[] responseStream;
  final int[] responseWhole;
  final int[] responseBody;
  final int[] end;
  final long endOnly;
  final long preflights;
  final long requestChanges;
  final long responseChanges;
  final int requestWholeMax;
  final int responseWholeMax;

  private FilterOrder(List<Filter> filters, List<String> names) {
    this.names = List.copyOf(names);
    refusals = names.stream().map(Ending.Refused::new).toArray(Ending.Refused[]::new);
    moments = filters.stream().map(Filter::moments).toList();
    requestNeeds = filters.stream().map(Filter::requestBodyNeed).toList();
    responseNeeds = filters.stream().map(Filter::responseBodyNeed).toList();
    request = at(i -> has(i, Moment.REQUEST));
    requestBody = at(i -> has(i, Moment.REQUEST_BODY) && !(requestNeeds.get(i) instanceof None));
    requestWhole = among(requestBody, i -> requestNeeds.get(i) instanceof BodyNeed.Whole);
    requestStream = among(requestBody, i -> !(requestNeeds.get(i) instanceof BodyNeed.Whole));
    response = reversed(at(i -> has(i, Moment.RESPONSE)));
    responseBody =
        reversed(at(i -> has(i, Moment.RESPONSE_BODY) && !(responseNeeds.get(i) instanceof None)));
    responseWhole = among(responseBody, i -> responseNeeds.get(i) instanceof BodyNeed.Whole);
    responseStream = among(responseBody, i -> !(responseNeeds.get(i) instanceof BodyNeed.Whole));
    end = reversed(at(i -> has(i, Moment.END)));
    endOnly = bits(among(end, i -> moments.get(i).size() == 1));
    preflights = preflights(filters);
    requestChanges = bits(among(requestBody, i -> requestNeeds.get(i) instanceof BodyNeed.Change));
    responseChanges =
        bits(among(responseBody, i -> responseNeeds.get(i) instanceof BodyNeed.Change));
    requestWholeMax = smallest(requestWhole, requestNeeds);
    responseWholeMax = smallest(responseWhole, responseNeeds);
  }

  /// @param like one that may be the same
  /// @param those whose order that is
  static FilterOrder of(
      List<Filter> filters, List<String> names, FilterOrder like, Filter[] those) {
    return like.fits(filters, names, those) ? like : new FilterOrder(filters, names);
  }

  static FilterOrder empty() {
    return new FilterOrder(List.of(), List.of());
  }

  @SuppressWarnings("ReferenceEquality") // Routes share the filters of their API.
  private boolean fits(List<Filter> filters, List<String> other, Filter[] those) {
    if (!names.equals(other)) {
      return false;
    }
    for (int i = 0; i < filters.size(); i++) {
      var filter = filters.get(i);
      if (filter == those[i]) {
        continue;
      }
      boolean preflight = (preflights & 1L << i) != 0;
      if (filter.answersPreflights() != preflight
          || !filter.moments().equals(moments.get(i))
          || !filter.requestBodyNeed().equals(requestNeeds.get(i))
          || !filter.responseBodyNeed().equals(responseNeeds.get(i))) {
        return false;
      }
    }
    return true;
  }

  private static long preflights(List<Filter> filters) {
    long bits = 0;
    for (int i = 0; i < filters.size(); i++) {
      bits |= filters.get(i).answersPreflights() ? 1L << i : 0;
    }
    return bits;
  }

  private boolean has(int filter, Moment moment) {
    return moments.get(filter).contains(moment);
  }

  private int[] at(IntPredicate wanted) {
    var all = new int[names.size()];
    Arrays.setAll(all, i -> i);
    return among(all, wanted);
  }

  private static int[] among(int[] order, IntPredicate wanted) {
    var found = Arrays.stream(order).filter(wanted).toArray();
    return found.length == 0 ? NOBODY : found;
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

  private static int smallest(int[] wanting, List<BodyNeed> needs) {
    int least = Integer.MAX_VALUE;
    for (int i : wanting) {
      if (needs.get(i) instanceof BodyNeed.Whole(int bytesMax)) {
        least = Math.min(least, bytesMax);
      }
    }
    return least;
  }
}
