/// `ostiary.yaml`: read, checked as a whole, watched, and described for editors.
@NullMarked
package io.ostiary.contract.config;

import org.jspecify.annotations.NullMarked;
