package io.ruido.config;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.List;
import org.eclipse.microprofile.config.spi.Converter;

/** Converters that refuse a value out of range, so that a wrong setting is reported by its name at the start. */
public final class Converters {
    private Converters() {}

    public static final class Positive implements Converter<Integer> {
        private static final long serialVersionUID = 1L;

        @Override
        public Integer convert(String value) {
            return (int) inRange(value, 1, Integer.MAX_VALUE, "a whole number of at least 1");
        }
    }

    public static final class PositiveLong implements Converter<Long> {
        private static final long serialVersionUID = 1L;

        @Override
        public Long convert(String value) {
            return inRange(value, 1, Long.MAX_VALUE, "a whole number of at least 1");
        }
    }

    public static final class Port implements Converter<Integer> {
        private static final long serialVersionUID = 1L;

        @Override
        public Integer convert(String value) {
            return (int) inRange(value, 0, 65_535, "a port from 0 to 65535");
        }
    }

    public static final class Share implements Converter<Double> {
        private static final long serialVersionUID = 1L;

        @Override
        public Double convert(String value) {
            try {
                double share = Double.parseDouble(value.strip());
                if (share >= 0 && share <= 1) {
                    return share;
                }
            } catch (NumberFormatException e) {
                // Reported below, like any other value out of range.
            }
            throw new IllegalArgumentException("must be a number from 0 to 1, was \"" + value + '"');
        }
    }

    public static final class SecurityProtocol implements Converter<String> {
        private static final long serialVersionUID = 1L;

        @Override
        public String convert(String value) {
            return oneOf(value, List.of("PLAINTEXT", "SASL_PLAINTEXT", "SSL", "SASL_SSL"));
        }
    }

    public static final class SaslMechanism implements Converter<String> {
        private static final long serialVersionUID = 1L;

        @Override
        public String convert(String value) {
            return oneOf(value, List.of("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"));
        }
    }

    public static final class Alias implements Converter<String> {
        private static final long serialVersionUID = 1L;

        @Override
        public String convert(String value) {
            String alias = value.strip();
            if (!alias.matches("[^=\\s]+=[^=\\s]+")) {
                throw new IllegalArgumentException("must be alias=model, was \"" + value + '"');
            }
            return alias;
        }
    }

    /** Accepts any key except for the published default of earlier versions. */
    public static final class SecretKey implements Converter<String> {
        private static final long serialVersionUID = 1L;

        @Override
        public String convert(String value) {
            if (value.equals("ruido-secret")) {
                throw new IllegalArgumentException("must not be \"ruido-secret\", which was a published default");
            }
            return value.isEmpty() ? null : value; // absent
        }
    }

    public static final class PositiveDuration implements Converter<Duration> {
        private static final long serialVersionUID = 1L;

        @Override
        public Duration convert(String value) {
            try {
                Duration duration = Duration.parse(value.strip());
                if (duration.isPositive()) {
                    return duration;
                }
            } catch (DateTimeParseException e) {
                // Reported below, like any other value that is not a positive duration.
            }
            throw new IllegalArgumentException(
                    "must be a positive ISO 8601 duration such as PT5S, was \"" + value + '"');
        }
    }

    private static long inRange(String value, long least, long most, String expected) {
        try {
            long number = Long.parseLong(value.strip());
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Reported below, like any other value out of range.
        }
        throw new IllegalArgumentException("must be " + expected + ", was \"" + value + '"');
    }

    private static String oneOf(String value, List<String> known) {
        if (!known.contains(value.strip())) {
            throw new IllegalArgumentException("must be one of " + String.join(", ", known) + ", was \"" + value + '"');
        }
        return value.strip();
    }
}
