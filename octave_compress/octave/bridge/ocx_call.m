function reply = ocx_call (id, name, args, nout, fifo)
  % One request of octave_compress: calls NAME and returns its outputs as nodes, or the error.
  reply = struct ('id', id, 'ok', false, 'outputs', {{}}, ...
                  'message', '', 'identifier', '', 'stack', {{}});
  try
    fifo = char (fifo);
    args = cellfun (@(node) ocx_decode (node, fifo), args(:).', 'UniformOutput', false);
    outputs = cell (1, nout);
    [outputs{:}] = feval (name, args{:});
    reply.outputs = cellfun (@ocx_encode, outputs, 'UniformOutput', false);
    reply.ok = true;
  catch failure
    reply.message = uint8 (failure.message);
    reply.identifier = failure.identifier;
    for k = 1:numel (failure.stack)
      frame = failure.stack(k);
      if strcmp (frame.name, 'ocx_call')
        break
      end
      reply.stack{k} = {frame.name, uint8(frame.file), frame.line, frame.column};
    end
  end
end
