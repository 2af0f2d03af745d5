package io.ostiary.model.setting;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// A list that stands for everybody where it is not given. Given, it has at least one item: an
/// empty one, as a template without values leaves behind, would let in, or shut out, everybody.
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface SomeIfGiven {}
