namespace CustomerInsights.Quickstart.Running;

/// <summary>What ./run.sh was asked for.</summary>
internal sealed record QuickstartOptions
{
    /// <summary>The user's own CSV file; null for the samples.</summary>
    public string? Profiles { get; init; }

    /// <summary>Its second version, or the changes to it; null for none.</summary>
    public string? Changes { get; init; }

    /// <summary>Column with the customer id.</summary>
    public string? Id { get; init; }

    /// <summary>Column with the e-mail address.</summary>
    public string? Email { get; init; }

    /// <summary>Leave the system running.</summary>
    public bool Keep { get; init; }

    /// <summary>Separate processes on RabbitMQ and PostgreSQL instead of Standalone.</summary>
    public bool Processes { get; init; }

    public int GrpcPort { get; init; } = 5081;

    public int HttpPort { get; init; } = 5080;

    public int SandboxPort { get; init; } = 5090;
}
