package io.ostiary.control.api;

import io.javalin.http.Context;
import io.ostiary.control.SnapshotSource;
import io.ostiary.control.SnapshotState.What;
import io.ostiary.control.access.Access;
import io.ostiary.control.access.Guard;
import io.ostiary.control.http.ApiProblem;
import io.ostiary.control.http.Fields;
import io.ostiary.control.http.Query;
import io.ostiary.control.records.Audit;
import io.ostiary.control.records.Ids;
import io.ostiary.control.records.KeyText;
import io.ostiary.control.records.Keys;
import io.ostiary.control.records.LiveRecords;
import io.ostiary.model.ApiKey;
import io.ostiary.model.Consumer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;

/// Many consumers with keys in one transaction and one snapshot: moving in from another gateway,
/// and benchmarks.
final class ImportApi {
  private static final int CONSUMERS_MAX = 20_000;
  private static final int KEYS_MAX = 10;
  private static final int BODY_BYTES_MAX = 8 * 1024 * 1024;

  private final SnapshotSource source;
  private final Ids ids;

  ImportApi(SnapshotSource source, Ids ids) {
    this.source = source;
    this.ids = ids;
  }

  List<Route> routes() {
    return List.of(Route.post("/api/v1/consumers/import", Access.ADMIN, this::importAll));
  }

  private record Wanted(String name, int newKeys, List<String> hashes) {}

  record Imported(String id, String name, List<String> keys) {}

  record View(List<Imported> items) {}

  private void importAll(Context context) {
    Query.of(context);
    var wanted = read(context);
    var imported =
        source.change(
            What.CONSUMERS,
            (handle, draft, now) -> {
              checkFree(wanted, draft);
              var made = add(handle, draft, wanted, now);
              Audit.add(
                  handle,
                  now,
                  Guard.principal(context).actor(),
                  "consumers-imported",
                  made.get(0).id(),
                  made.size() + " consumers, from " + made.get(0).name());
              return made;
            });
    context.status(201).json(new View(imported));
  }

  private static List<Wanted> read(Context context) {
    var fields = Fields.of(context, BODY_BYTES_MAX, "consumers");
    var wanted = new ArrayList<Wanted>();
    var names = new HashSet<String>();
    for (var item : fields.objects("consumers", 1, CONSUMERS_MAX, "name", "newKeys", "hashes")) {
      var name = item.text("name", 1, ConsumersApi.NAME_MAX);
      if (!names.add(name)) {
        item.fault("name", "'" + name + "' is given twice (expected: a name of its own)");
      }
      int newKeys = (int) item.number("newKeys", 1, 0, KEYS_MAX);
      var hashes = item.texts("hashes", KEYS_MAX, hash -> new ApiKey(hash, "imported"));
      wanted.add(new Wanted(name, newKeys, hashes));
    }
    fields.done();
    return wanted;
  }

  private static void checkFree(List<Wanted> wanted, LiveRecords draft) {
    var taken = draft.consumers().stream().map(Consumer::name).collect(Collectors.toSet());
    Set<String> hashes = draft.keys().stream().map(ApiKey::hash).collect(Collectors.toSet());
    for (var one : wanted) {
      if (taken.contains(one.name())) {
        throw ApiProblem.conflict("name: '" + one.name() + "' is taken; nothing was imported");
      }
      for (var hash : one.hashes()) {
        if (!hashes.add(hash)) {
          throw ApiProblem.conflict("hash: " + hash + " is there already; nothing was imported");
        }
      }
    }
  }

  private List<Imported> add(Handle handle, LiveRecords draft, List<Wanted> wanted, Instant now) {
    var imported = new ArrayList<Imported>();
    var rows = new ArrayList<Keys.Row>();
    for (var one : wanted) {
      var id = ids.next("c_", now);
      ConsumersApi.add(handle, draft, new Consumer(id, one.name()), now);
      var keys = new ArrayList<String>();
      for (int i = 0; i < one.newKeys(); i++) {
        var key = KeyText.make(KeyText.KEY);
        keys.add(key);
        rows.add(KeysApi.row(ids.next("k_", now), id, "", key, now, null));
      }
      for (var hash : one.hashes()) {
        rows.add(new Keys.Row(ids.next("k_", now), id, "", hash, "", now, null, null));
      }
      imported.add(new Imported(id, one.name(), keys));
    }
    Keys.add(handle, rows);
    rows.forEach(draft::add);
    return imported;
  }
}
