package io.ostiary.control.access;

import io.ostiary.control.records.Actor;
import org.jspecify.annotations.Nullable;

/// Who is asking, and how they proved it.
///
/// @param session null: by the token
public record Principal(Actor actor, Sessions.@Nullable Session session) {}
