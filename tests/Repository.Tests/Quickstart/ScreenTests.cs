using CustomerInsights.Quickstart.Showing;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Spectre.Console;

namespace CustomerInsights.Repository.Quickstart;

public sealed class ScreenTests
{
    [Test]
    public void Refused_call_shows_its_wrong_fields()
    {
        var violation = new BadRequest.Types.FieldViolation { Field = "header.columns[ Email]", Description = "is no column of the file." };
        var details = new Google.Rpc.Status { Details = { Any.Pack(new BadRequest { FieldViolations = { violation } }) } };
        var trailers = new Metadata { { "grpc-status-details-bin", details.ToByteArray() } };
        using var written = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(written) });
        new Screen(console).Refused(new RpcException(new Grpc.Core.Status(StatusCode.InvalidArgument, "Bad."), trailers));
        Assert.That(written.ToString(), Does.Contain("InvalidArgument: Bad.").And.Contain("header.columns[ Email]: is no column of the file."));
    }

    [Test]
    public void Refused_call_without_details_shows_its_status()
    {
        using var written = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(written) });
        new Screen(console).Refused(new RpcException(new Grpc.Core.Status(StatusCode.Unavailable, "Gone.")));
        Assert.That(written.ToString(), Does.Contain("Unavailable: Gone."));
    }
}
