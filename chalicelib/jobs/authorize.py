"""The Lambda authorizer of the API: whose token it is, and what its scopes allow."""

from aws_lambda_powertools import Logger
from chalice.app import AuthRequest, AuthResponse

from chalicelib.store import tokens

logger = Logger()


def authorize(request: AuthRequest) -> AuthResponse:
    """Admit a valid token to the API along with its scopes, which the routes check. Other tokens get a 401."""
    scheme, _, secret = request.token.partition(" ")
    token = tokens.find(secret.strip()) if scheme.lower() == "bearer" else None
    if token is None:
        logger.info("rejected")
        raise Exception("Unauthorized")  # API Gateway turns exactly this text into a 401
    logger.info("authorized", token=token.name)
    return AuthResponse(
        routes=["/api/v1/*"],
        principal_id=token.name,
        context={"scopes": " ".join(sorted(token.scopes)), "token": token.token_hash},
    )
