% Figures that are never drawn: all of Octave's own functions make and change them as ever, by way
% of the one toolkit that needs no display, whose few functions that draw do nothing here.
1;

function version = __gnuplot_version__()
  version = '5.4.0';
end

function varargout = __gnuplot_drawnow__(varargin)
end

function varargout = __gnuplot_ginput__(varargin)
  error('octave_compress:keyboard', 'ginput: nobody is at the mouse while a script is recorded');
end

function waitforbuttonpress()
end

function uiwait(varargin)
end

function varargout = print(varargin)
end

function varargout = getframe(varargin)
  error('octave_compress:graphics', 'getframe: figures are not drawn while this is recorded');
end

warning('off', 'Octave:gnuplot-graphics');
