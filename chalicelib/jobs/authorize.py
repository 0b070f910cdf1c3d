"""The API's authorizer: who holds this token, and what may they do?"""

from aws_lambda_powertools import Logger
from chalice.app import AuthRequest, AuthResponse

from chalicelib.store import tokens

logger = Logger()


def authorize(request: AuthRequest) -> AuthResponse:
    """Let a valid token reach the API, with its scopes, which the routes check; API Gateway answers others with 401."""
    scheme, _, secret = request.token.partition(" ")
    token = tokens.find(secret.strip()) if scheme.lower() == "bearer" else None
    if token is None:
        logger.info("refused")
        raise Exception("Unauthorized")  # the very word that API Gateway turns into a 401
    logger.info("authorized", token=token.name)
    return AuthResponse(
        routes=["/api/v1/*"], principal_id=token.name, context={"scopes": " ".join(sorted(token.scopes))}
    )
