package io.ruido.standalone;

import picocli.CommandLine.IVersionProvider;

/** The version of {@code pom.xml}, which the build writes into the jar's manifest. */
final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
        String version = Ruido.class.getPackage().getImplementationVersion();
        return new String[] {"Ruido " + (version == null ? "(not packaged)" : version)};
    }
}
