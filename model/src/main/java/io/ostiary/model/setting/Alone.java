package io.ostiary.model.setting;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// The whole record may be written as this component alone, the others taking their defaults:
/// `"127.0.0.1:9001"` for `{ address: "127.0.0.1:9001" }`.
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Alone {}
