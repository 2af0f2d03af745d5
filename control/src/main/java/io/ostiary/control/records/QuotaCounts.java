package io.ostiary.control.records;

import io.ostiary.model.Tallies;
import io.ostiary.model.Tally;
import java.util.List;

/// The table of what callers have used of their quotas: one row for each, of the newest period.
public final class QuotaCounts implements Tallies.Store {
  private final Database database;

  public QuotaCounts(Database database) {
    this.database = database;
  }

  @Override
  public List<Tally.Kept> load(String quota) {
    return database.read(handle ->
        handle
            .createQuery("SELECT who, period, used FROM quota_count WHERE quota = :quota")
            .bind("quota", quota)
            .map((row, context) ->
                new Tally.Kept(
                    quota, row.getString("who"), row.getLong("period"), row.getLong("used")))
            .list());
  }

  @Override
  public void save(List<Tally.Kept> changed) {
    database.write(handle -> {
      var batch =
          handle.prepareBatch(
              """
              INSERT INTO quota_count (quota, who, period, used)
              VALUES (:quota, :who, :period, :used)
              ON CONFLICT (quota, who) DO UPDATE SET period = excluded.period, used = excluded.used
              """);
      for (var one : changed) {
        batch
            .bind("quota", one.quota())
            .bind("who", one.who())
            .bind("period", one.start())
            .bind("used", one.used())
            .add();
      }
      return batch.execute();
    });
  }
}
