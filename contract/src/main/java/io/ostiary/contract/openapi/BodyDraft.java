package io.ostiary.contract.openapi;

import io.ostiary.contract.openapi.DocumentFiles.Place;
import io.ostiary.contract.schema.SchemaCheck;
import io.ostiary.contract.tree.Mapping;
import io.ostiary.contract.tree.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// A body as it was read; its schemas are not compiled yet.
record BodyDraft(boolean required, List<MediaDraft> medias) {
  private record MediaDraft(String range, @Nullable String schema, List<Encoding> encodings) {
    private Body.Media compile(Schemas schemas) {
      var form = Body.Form.of(range);
      boolean looked = schema != null && (form != Body.Form.OPAQUE || range.contains("*"));
      var check = looked && schema != null ? schemas.check(schema) : null;
      // Only forms carry text that must be made a value; kinds of large schemas are costly.
      var kind = schemas.kind(form == Body.Form.FIELDS || range.contains("*") ? schema : null);
      var members =
          check == null
              ? List.<Parameter>of()
              : encodings.stream().map(encoding -> encoding.member(kind, check)).toList();
      return new Body.Media(range, form, kind, members, check);
    }
  }

  /// How one member of a form is written.
  private record Encoding(String name, Parameter.Style style, boolean explode, boolean json) {
    private Parameter member(Kind form, SchemaCheck check) {
      var in = Parameter.In.QUERY;
      return new Parameter(name, in, style, explode, false, false, json, form.member(name), check);
    }

    /// Null: as usual. `contentType` counts only where none of the others is said.
    private static @Nullable Encoding of(DocumentFiles files, String name, Place place) {
      var style = place.get("style");
      var explode = place.get("explode");
      if (style == null && explode == null) {
        boolean json =
            place.get("contentType") instanceof Node.Scalar type
                && Body.Form.of(type.text().toLowerCase(Locale.ROOT)) == Body.Form.JSON;
        return json ? new Encoding(name, Parameter.Style.FORM, false, true) : null;
      }
      var known = Parameter.Style.FORM;
      if (style != null) {
        var named =
            style instanceof Node.Scalar text
                ? Parameter.Style.of(Parameter.In.QUERY, text.text())
                : null;
        if (named == null) {
          files.warn(style, "style: " + style.seen() + " (expected: a query's). It is ignored");
          return null;
        }
        known = named;
      }
      boolean exploded =
          explode instanceof Node.Flag flag ? flag.value() : known == Parameter.Style.FORM;
      return new Encoding(name, known, exploded, false);
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
              range.toLowerCase(Locale.ROOT),
              schema == null ? null : schemas.add(schema),
              media == null ? List.of() : encodings(files, media)));
    }
    return new BodyDraft(required, List.copyOf(medias));
  }

  private static List<Encoding> encodings(DocumentFiles files, Place media) {
    var found = new ArrayList<Encoding>();
    var place = media.down("encoding");
    if (place != null && place.node() instanceof Mapping mapping) {
      for (var member : mapping.members()) {
        var one = Encoding.of(files, member.name(), place.child(member.name(), member.value()));
        if (one != null) {
          found.add(one);
        }
      }
    }
    return found;
  }

  Body compile(Schemas schemas) {
    return new Body(required, medias.stream().map(media -> media.compile(schemas)).toList());
  }
}
