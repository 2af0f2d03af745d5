package io.ostiary.contract.openapi;

import io.ostiary.contract.openapi.DocumentFiles.Place;
import io.ostiary.contract.tree.Mapping;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// A body as it was read; its schemas are not compiled yet.
record BodyDraft(boolean required, List<MediaDraft> medias) {
  private record MediaDraft(String range, @Nullable String schema) {
    private Body.Media compile(Schemas schemas) {
      var form = Body.Form.of(range);
      boolean looked = schema != null && (form != Body.Form.OPAQUE || range.contains("*"));
      var check = looked && schema != null ? schemas.check(schema) : null;
      // Only forms carry text that must be made a value; kinds of large schemas are costly.
      var kind = schemas.kind(form == Body.Form.FIELDS || range.contains("*") ? schema : null);
      return new Body.Media(range, form, kind, check);
    }
  }

  /// @param content the value of `content` in `holder`
  static BodyDraft read(
      DocumentFiles files, Schemas schemas, Place holder, Mapping content, boolean required) {
    var medias = new ArrayList<MediaDraft>();
    var place = holder.child("content", content);
    for (var member : content.members()) {
      var range = member.name();
      int parameters = range.indexOf(';');
      range = (parameters < 0 ? range : range.substring(0, parameters)).strip();
      var media = files.follow(place.child(member.name(), member.value()));
      var schema = media == null ? null : media.down("schema");
      medias.add(
          new MediaDraft(
              range.toLowerCase(Locale.ROOT), schema == null ? null : schemas.add(schema)));
    }
    return new BodyDraft(required, List.copyOf(medias));
  }

  Body compile(Schemas schemas) {
    return new Body(required, medias.stream().map(media -> media.compile(schemas)).toList());
  }
}
