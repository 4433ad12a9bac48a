using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.ServiceDefaults.Errors;

namespace CustomerInsights.Destinations;

/// <summary>One vendor: what is special about it, and nothing else. Everything that destinations share is in this library.</summary>
public interface IDestination
{
    /// <summary>Short name, such as "braze"; names the destination in metrics and logs.</summary>
    string Type { get; }

    /// <summary>One of the destination's own reasons in words, with the remedy; empty for a reason that is not its own.</summary>
    string Explain(string reason);

    /// <summary>
    /// Prepares one run: reads the settings, checks the host, makes what the vendor needs before members can be sent.
    /// Returns a refusal with a reason when the run cannot be done as it is defined; throws only for bugs.
    /// </summary>
    Task<Result<IDestinationSession>> OpenAsync(RunAssignment assignment, Credential credential, CancellationToken cancellationToken);
}
