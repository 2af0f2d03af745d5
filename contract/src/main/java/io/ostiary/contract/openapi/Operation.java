package io.ostiary.contract.openapi;

import io.ostiary.contract.schema.Mismatch;
import io.ostiary.contract.schema.SchemaCheck;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// One operation of a document, ready to check requests and responses. Immutable.
public final class Operation {
  private final String id;
  private final List<Parameter> parameters;
  private final @Nullable Body queryString;
  private final @Nullable PartialPath partialPath;
  private final Set<String> keyNames;
  private final @Nullable Body body;
  private final Supplier<Responses> responses;

  /// @param queryString what describes the whole query, and not one parameter of it
  /// @param partialPath for paths with templates that are only a part of their segment
  /// @param keyNames query parameters that carry keys, which documents declare apart
  Operation(
      String id,
      List<Parameter> parameters,
      @Nullable Body queryString,
      @Nullable PartialPath partialPath,
      Set<String> keyNames,
      @Nullable Body body,
      Supplier<Responses> responses) {
    this.id = id;
    this.parameters = List.copyOf(parameters);
    this.queryString = queryString;
    this.partialPath = partialPath;
    this.keyNames = Set.copyOf(keyNames);
    this.body = body;
    this.responses = responses;
  }

  public String id() {
    return id;
  }

  /// Null: the operation takes no body; one that is sent is not looked at.
  public @Nullable Body body() {
    return body;
  }

  /// What it says of its responses. May take time at the first call.
  ///
  /// @throws IllegalArgumentException where a response of the document cannot be understood
  public Responses responses() {
    return responses.get();
  }

  /// What is wrong with the parameters of a request.
  ///
  /// @param refuseUnknown whether a query parameter that the document does not name is a fault
  public List<ContractFault> check(RequestView request, boolean refuseUnknown) {
    var faults = new ArrayList<ContractFault>();
    path(request, faults);
    query(request, refuseUnknown, faults);
    for (var parameter : parameters) {
      if (parameter.in() == Parameter.In.HEADER) {
        parameter.inHeader(request.header(parameter.name()), faults);
      } else if (parameter.in() == Parameter.In.COOKIE) {
        parameter.inHeader(cookies(request, parameter.name()), faults);
      }
    }
    return faults;
  }

  private void path(RequestView request, List<ContractFault> faults) {
    for (var parameter : parameters) {
      if (parameter.in() == Parameter.In.PATH) {
        var raw =
            partialPath == null
                ? request.pathParameter(parameter.name())
                : partialPath.value(parameter.name(), request);
        if (raw == null) {
          faults.add(new ContractFault("path", "/" + parameter.name(), "is missing"));
        } else {
          parameter.inPath(raw, faults);
        }
      }
    }
  }

  private void query(RequestView request, boolean refuseUnknown, List<ContractFault> faults) {
    var text = request.query();
    if (queryString != null) {
      queryString.checkQuery(text == null ? "" : text, faults);
      return;
    }
    var pairs = text == null ? List.<Encoded.Pair>of() : Encoded.pairs(text);
    if (pairs == null) {
      faults.add(
          new ContractFault(
              "query",
              "",
              "cannot be decoded (expected: percent-encoded UTF-8, at most 10,000 parameters)"));
      return;
    }
    for (var parameter : parameters) {
      if (parameter.in() == Parameter.In.QUERY) {
        var own = pairs.stream().filter(pair -> parameter.takes(pair.name())).toList();
        parameter.inQuery(own, faults);
      }
    }
    if (refuseUnknown) {
      unknown(pairs, faults);
    }
  }

  private void unknown(List<Encoded.Pair> pairs, List<ContractFault> faults) {
    var names = new TreeSet<String>();
    for (var pair : pairs) {
      if (!known(pair.name())) {
        names.add(pair.name());
      }
    }
    for (var name : names) {
      if (faults.size() >= SchemaCheck.MISMATCHES_MAX) {
        return;
      }
      faults.add(
          new ContractFault("query", Mismatch.step(name), "is not a parameter of this operation"));
    }
  }

  private boolean known(String queryName) {
    for (var parameter : parameters) {
      if (parameter.in() == Parameter.In.QUERY && parameter.takes(queryName)) {
        return true;
      }
    }
    return keyNames.contains(queryName);
  }

  private static List<String> cookies(RequestView request, String name) {
    var values = new ArrayList<String>();
    for (var line : request.header("Cookie")) {
      for (var part : line.split(";")) {
        int equals = part.indexOf('=');
        if (equals > 0 && part.substring(0, equals).strip().equals(name)) {
          values.add(part.substring(equals + 1).strip());
        }
      }
    }
    return values;
  }
}
