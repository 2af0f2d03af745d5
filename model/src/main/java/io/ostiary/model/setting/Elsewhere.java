package io.ostiary.model.setting;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Names that a setting has in other programs, in kebab case with spaces between them. They are not
/// understood: whoever writes one is told the name that it has here.
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Elsewhere {
  String value();
}
