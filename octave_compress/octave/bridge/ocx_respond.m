function ocx_respond(file, folders, keep_path)
  % Does the request in FILE: calls its function and leaves the outputs, or the error, in a file
  % of the first folder that has room.
  number = -1;
  status = 'ok';
  try
    request = builtin('load', '-binary', file);
    number = request.numbers(1);
    if request.numbers(3)
      builtin('unlink', file);
    end
    if builtin('isfield', request, 'freed')
      ocx_store('free', request.freed);
    end
    args = request.args;
    if builtin('isfield', request, 'marks')
      args = ocx_resolve(args, request.marks, folders);
    end
    outputs = ocx_call(request.name, args, request.numbers(2));
    [text, identifier] = builtin('lastwarn'); % Octave 11 notes there what is off, too
    keep_path();
    if builtin('isfield', request, 'kept')
      ocx_store('put', request.kept, outputs);
      outputs = {};
    end
    place = ocx_deliver(outputs, folders);
  catch failure
    [text, identifier] = builtin('lastwarn');
    keep_path();
    status = 'error';
    failure = builtin('struct', 'message', failure.message, 'identifier', failure.identifier, ...
                      'stack', failure.stack);
    place = ocx_deliver(failure, folders);
  end
  builtin('fflush', builtin('stdout'));
  builtin('fflush', builtin('stderr'));
  builtin('lastwarn', text, identifier);
  text(text == "\n") = ' '; % the text is the rest of a line
  identifier(identifier <= ' ' | identifier > '~') = '_'; % and this is one word of it
  ocx_link('send', builtin('sprintf', '%d %s %d %s %s', number, status, place, identifier, text));
end
