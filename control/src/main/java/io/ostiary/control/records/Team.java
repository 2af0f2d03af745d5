package io.ostiary.control.records;

/// To whom records belong. There is one so far; everything that is stored or asked already names
/// its team.
public record Team(String id) {
  public static final Team DEFAULT = new Team("default");
}
